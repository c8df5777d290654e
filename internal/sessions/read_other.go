//go:build !linux

package sessions

import (
	"context"
	"errors"
)

// Read fails: terminals are looked for as Linux keeps them.
func (System) Read(context.Context) (Picture, error) {
	return Picture{}, errors.ErrUnsupported
}

// LoginFile fails: logind is Linux's.
func (System) LoginFile(string) (LoginFile, error) { return nil, errors.ErrUnsupported }

// Confined knows nothing here.
func (System) Confined() string { return "" }

// Myself knows nothing here.
func Myself() Self { return Self{} }

// TerminalOf knows none here.
func (System) TerminalOf(int, uint32) string { return "" }

// Of fails: /proc is Linux's.
func (System) Of(int) (Peer, error) { return Peer{}, errors.ErrUnsupported }

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

// ReadLogins fails: logind is Linux's.
func (System) ReadLogins() ([]Session, []string, error) { return nil, nil, errors.ErrUnsupported }

// CameFrom knows nobody's here.
func (System) CameFrom(string) string { return "" }

// HidesProcesses reports that none can be seen.
func (System) HidesProcesses() bool { return true }

// Myself knows nothing here.
func Myself() Self { return Self{} }

// TerminalOf knows none here.
func (System) TerminalOf(int, uint32) string { return "" }

//go:build !linux

package tty

import (
	"context"
	"errors"
	"time"

	"msg/internal/consent"
)

// ErrWouldBlock says that the terminal takes no more output now.
var ErrWouldBlock = errors.ErrUnsupported

// Terminal does not exist here: terminals are written to on Linux.
type Terminal struct{}

// Open fails.
func Open(Want, Opener) (*Terminal, error) { return nil, errors.ErrUnsupported }

// Open fails.
func (Directly) Open(Want) (int, error) { return -1, errors.ErrUnsupported }

// FullScreen knows of none.
func (Directly) FullScreen(Want) bool { return false }

// Screen is a usual one.
func (*Terminal) Screen() Screen { return Screen{Columns: usualColumns} }

// Holds fails.
func (*Terminal) Holds(consent.Rule) error { return errors.ErrUnsupported }

// Write fails.
func (*Terminal) Write(Output) (int, error) { return 0, errors.ErrUnsupported }

// WriteWithin fails.
func (*Terminal) WriteWithin(context.Context, Output, time.Time) (int, error) {
	return 0, errors.ErrUnsupported
}

// Half is nothing.
func (*Terminal) Half() int { return 0 }

// Close does nothing.
func (*Terminal) Close() error { return nil }

//go:build !linux

package answers

import "errors"

// Socket is where one message is answered.
type Socket struct{ Code string }

// Listen fails: nothing is delivered here.
func Listen(string, uint32) (*Socket, error) { return nil, errors.ErrUnsupported }

// Serve is never called.
func (*Socket) Serve(Desk) {}

// Close is never called.
func (*Socket) Close() bool { return true }

// Clear has nothing to remove.
func Clear(string, uint32) (int, error) { return 0, nil }

//go:build !linux

package answers

import "errors"

// Socket is where one message is answered.
type Socket struct{ Code string }

// Listen fails: nothing is delivered here.
func Listen(string) (*Socket, error) { return nil, errors.ErrUnsupported }

// Serve is never called.
func (*Socket) Serve(Desk) {}

// Close is never called.
func (*Socket) Close() {}

// Clear has nothing to remove.
func Clear(string) error { return nil }

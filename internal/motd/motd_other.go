//go:build !linux

package motd

import "errors"

// Notice is one that is there.
type Notice struct{}

// Leave leaves a notice, on Linux.
func Leave(string, string) (*Notice, error) { return nil, errors.ErrUnsupported }

// Remove removes the notice.
func (*Notice) Remove() error { return nil }

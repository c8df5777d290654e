//go:build !linux

package motd

import (
	"errors"
	"time"
)

// Notice is one that is there.
type Notice struct{}

// Leave leaves a notice, on Linux.
func Leave(string, string, time.Time) (*Notice, error) { return nil, errors.ErrUnsupported }

// Remove removes the notice.
func (*Notice) Remove() error { return nil }

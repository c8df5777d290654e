//go:build !linux

package rate

import (
	"context"
	"errors"
	"time"
)

// Dir is nowhere: messages are delivered on Linux only.
const Dir = ""

// Take counts nothing.
func Take(context.Context, string, uint32, Limit) (time.Duration, error) {
	return 0, errors.ErrUnsupported
}

// Alone lets nothing go out.
func Alone(context.Context, uint32, Limit) error { return errors.ErrUnsupported }

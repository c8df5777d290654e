//go:build !linux

package doctor

import (
	"context"
	"runtime"

	"msg/internal/message"
)

// Examine fails: there is nothing to check where msg delivers nothing.
func (h Host) Examine(context.Context) ([]Finding, error) {
	return nil, &message.Refusal{Problem: "messages are delivered on Linux only, and this is " + runtime.GOOS}
}

//go:build !linux

package main

import (
	"context"
	"runtime"

	"msg/internal/message"
)

// Run says that nothing is delivered here.
func (helperCmd) Run(context.Context, world) error {
	return &message.Refusal{Problem: "messages are delivered on Linux only, and this is " + runtime.GOOS}
}

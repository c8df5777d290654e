//go:build !linux

package client

import (
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
)

// inChild returns the way of this process: nothing is delivered here.
func inChild(_ delivery.Host, _ delivery.Sender, _ func(sessions.Picture) []string, myself message.Send) message.Send {
	return myself
}

// IsChild reports false.
func IsChild() bool { return false }

// Deliver does nothing.
func Deliver(delivery.Host, string) error { return nil }

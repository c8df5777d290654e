//go:build unix

package main

import (
	"os/signal"
	"syscall"
)

// ignoreSignals keeps a message from ending halfway through: because a reader of
// our output goes away, or because we are in the background and write to our own
// terminal, too ("stty tostop").
func ignoreSignals() {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGTTOU)
}

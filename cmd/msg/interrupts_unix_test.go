//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// TestInterruptible: an interrupt that comes at the end of what it would have ended is not
// lost.
func TestInterruptible(t *testing.T) {
	come := make(chan os.Signal, 1)
	signal.Notify(come, syscall.SIGTERM)
	defer signal.Stop(come)
	for range 200 {
		ctx, stop := interruptible(t.Context())
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		<-come
		if !stop() {
			t.Fatal("an interrupt is lost")
		}
		if ctx.Err() == nil {
			t.Fatal("the context has not ended")
		}
	}
	ctx, stop := interruptible(t.Context())
	if stop() || ctx.Err() == nil {
		t.Error("there was none, or the context goes on")
	}
}

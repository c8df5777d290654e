package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"
)

// interrupts end the waiting for terminals, so that msg still tells who was reached and who
// was not. A hangup that is ignored (nohup) stays ignored.
func interrupts() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

var errInterrupted = errors.New("interrupted")

// interruptible is a context that ends with an interrupt, until stop, which reports whether
// there was one. An interrupt that comes during stop is not lost, as it is with
// signal.NotifyContext.
func interruptible(ctx context.Context) (_ context.Context, stop func() bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	come, seen := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(come, interrupts()...)
	go func() {
		defer close(seen)
		for range come {
			cancel(errInterrupted)
		}
	}()
	return ctx, func() bool {
		signal.Stop(come) // nothing comes from here on
		close(come)
		<-seen
		cancel(nil)
		return errors.Is(context.Cause(ctx), errInterrupted)
	}
}

package remote

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"msg/internal/message"
)

// TestAsked: only time in which ssh asks is a person's. All other time is the host's, and a
// host that makes ssh ask on and on has no more than a person's time besides.
func TestAsked(t *testing.T) {
	const limit = hostTime + message.Patience
	for name, c := range map[string]struct {
		asks  func(at time.Duration) bool
		hello time.Duration // when it comes; 0 is never
		late  time.Duration // when it is over
	}{
		"asks nothing":       {func(time.Duration) bool { return false }, 0, helloTime},
		"asks on and on":     {func(time.Duration) bool { return true }, 0, askTime + helloTime},
		"asks, then silence": {func(at time.Duration) bool { return at < time.Minute }, 0, time.Minute + helloTime},
		"asks now and then":  {func(at time.Duration) bool { return at%time.Minute < 30*time.Second }, 0, 30*time.Second + helloTime},
		"a hello":            {func(time.Duration) bool { return false }, 10 * time.Second, limit},
		"a slow person":      {func(at time.Duration) bool { return at < 4*time.Minute }, 4*time.Minute + 10*time.Second, 4*time.Minute + limit},
		"asks after a hello": {func(at time.Duration) bool { return at > 10*time.Second }, 10 * time.Second, limit},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun := time.Now()
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				d := newDeadline(message.Request{}, limit, func() { cancel(context.DeadlineExceeded) })
				defer d.stop()
				ctx, stop := d.exceptAsked(ctx, helloTime, func() bool { return c.asks(time.Since(begun)) })
				defer stop()
				if c.hello > 0 {
					time.AfterFunc(c.hello, stop)
				}
				<-ctx.Done()
				if took := (time.Since(begun) - c.late).Abs(); took > time.Second || !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
					t.Errorf("it is over after %v, want %v: %v", time.Since(begun), c.late, context.Cause(ctx))
				}
			})
		})
	}
}

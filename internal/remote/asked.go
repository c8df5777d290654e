package remote

import (
	"context"
	"sync"
	"time"
)

// How the time is counted while ssh may ask.
const (
	lookTime    = 100 * time.Millisecond // between two looks whether it asks
	longestLook = time.Second            // what one look may cost: msg may have been stopped (Ctrl-Z)
)

// exceptAsked ends the returned context when a host without a hello has spent the given time,
// or all its time. What ssh needs to ask a person does not count, for askTime at most. stop says
// that the hello is there, or that the attempt is over: from then on all time counts.
func (d *deadline) exceptAsked(ctx context.Context, hello time.Duration, asks func() bool) (waiting context.Context, stop func()) {
	waiting, late := context.WithCancelCause(ctx)
	left := d.pause()
	over, spent := make(chan struct{}), make(chan time.Duration, 1)
	go func() {
		all := min(hello, left)
		used := spend(over, all, asks)
		if used >= all {
			late(context.DeadlineExceeded)
		}
		spent <- used
	}()
	return waiting, sync.OnceFunc(func() {
		close(over)
		d.resume(left - <-spent)
	})
}

// spend returns how much time has passed in which ssh did not ask. It returns when over is
// closed, or when that is all there is.
func spend(over <-chan struct{}, all time.Duration, asks func() bool) (spent time.Duration) {
	asked := time.Duration(0)
	for last := time.Now(); spent < all; {
		select {
		case <-over:
			return spent
		case <-time.After(lookTime):
		}
		now := time.Now()
		passed := min(now.Sub(last), longestLook)
		if last = now; asked < askTime && asks() {
			asked += passed
		} else {
			spent += passed
		}
	}
	return spent
}

//go:build !linux

package countdown

import (
	"context"
	"time"
)

// clock is a time of the clock's, or, with a monotonic reading, one so far from now.
type clock struct{ end time.Time }

func wallClock(t time.Time) clock { return clock{t.Round(0)} }

func elapsing(d time.Duration) clock { return clock{time.Now().Add(d)} }

func (c clock) left() time.Duration { return time.Until(c.end) }

// time is the end by the wall clock.
func (c clock) time() time.Time {
	if c.end == c.end.Round(0) {
		return c.end
	}
	return time.Now().Add(c.left())
}

// sleep returns when no more than left is left. It looks every second, since nothing
// tells it that the clock was set.
func (c clock) sleep(ctx context.Context, left time.Duration) error {
	for {
		rest := c.left() - left
		if rest <= 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(rest, time.Second)):
		}
	}
}

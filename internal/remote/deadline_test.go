package remote

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"msg/internal/message"
)

// TestDeadline: a host has its time for the text, none while it is typed on or answers have
// none, and then that for the answers; saying twice that the text is through gives no more.
func TestDeadline(t *testing.T) {
	const limit, more = time.Minute, hostTime + message.Patience
	for name, c := range map[string]struct {
		wait   bool
		time   time.Duration
		typed  time.Duration // until the last line; 0 where nothing is typed
		opened []time.Duration
		late   time.Duration // when it is over; 0 is never
	}{
		"not through":            {true, 0, 0, nil, limit},
		"without an end":         {true, 0, 0, []time.Duration{time.Second}, 0},
		"until answered":         {true, time.Hour, 0, []time.Duration{time.Second}, time.Second + time.Hour + more},
		"through twice":          {true, time.Hour, 0, []time.Duration{time.Second, 30 * time.Minute}, time.Second + time.Hour + more},
		"too late":               {true, time.Hour, 0, []time.Duration{2 * limit}, limit},
		"does not stay":          {false, 0, 0, []time.Duration{time.Second}, limit},
		"typed":                  {false, 0, time.Hour, []time.Duration{time.Second}, time.Hour + more},
		"typed, not through":     {false, 0, 10 * time.Second, nil, limit},
		"typed, answered":        {true, 2 * time.Hour, time.Hour, []time.Duration{time.Second}, 3*time.Hour + more},
		"typed, no end":          {true, 0, time.Hour, []time.Duration{time.Second}, 0},
		"typed before it is out": {true, time.Hour, time.Second, []time.Duration{10 * time.Second}, 10*time.Second + time.Hour + more},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begun, late := time.Now(), make(chan time.Duration, 1)
				r := message.Request{Wait: c.wait, AnswerTime: c.time, Typed: c.typed > 0}
				lines := message.NewLines()
				d := newDeadline(r, limit, func() { late <- time.Since(begun) })
				defer d.stop()
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				if c.typed > 0 {
					time.AfterFunc(c.typed, lines.Close)
					go d.follow(ctx, lines)
				}
				for _, at := range c.opened {
					time.AfterFunc(at, d.open)
				}
				select {
				case at := <-late:
					if at != c.late {
						t.Errorf("it is over after %v, want %v", at, c.late)
					}
				case <-time.After(1000 * time.Hour):
					if c.late != 0 {
						t.Errorf("it is never over, want %v", c.late)
					}
				}
			})
		})
	}
}

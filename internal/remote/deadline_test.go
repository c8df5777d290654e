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

// TestDeadlineHeldBack: a host that holds back lines has a minute for each that was typed, and
// no more, however often it says so.
func TestDeadlineHeldBack(t *testing.T) {
	const more = hostTime + message.Patience
	for name, c := range map[string]struct {
		says, until time.Duration // the host says so that often, until then; 0 is never
		late        time.Duration
	}{
		"says nothing":    {0, 0, more},
		"for two minutes": {10 * time.Second, 2*time.Minute + 5*time.Second, 2*time.Minute + more},
		"on and on":       {10 * time.Second, 1000 * time.Hour, 3*time.Minute + more},
		"at once":         {time.Millisecond, time.Minute, time.Minute + more},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				late := make(chan struct{})
				lines := message.NewLines()
				d := newDeadline(message.Request{Typed: true}, time.Minute, func() { close(late) })
				defer d.stop()
				d.open()
				for range 3 {
					lines.Add("a line")
				}
				lines.Close()
				d.follow(t.Context(), lines)
				begun := time.Now()
				for over := false; !over && time.Since(begun) < 2*time.Hour; {
					says := time.After(c.says)
					if c.says == 0 || time.Since(begun) > c.until {
						says = nil
					}
					select {
					case <-late:
						over = true
					case <-says:
						d.waits()
					case <-time.After(time.Hour):
					}
				}
				if took := time.Since(begun); (took - c.late).Abs() > c.says {
					t.Errorf("it is over after %v, want %v", took, c.late)
				}
			})
		})
	}
}

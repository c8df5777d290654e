package delivery

import (
	"context"
	"testing"
	"time"

	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/sessions"
)

// TestCountedMustGo: the time within which a counted message has to go out begins
// before the count, as the process may be stopped right behind it; but for who had to
// wait for a turn.
func TestCountedMustGo(t *testing.T) {
	const pause = 50 * time.Millisecond
	for _, waits := range []bool{false, true} {
		e := &Engine{Policy: &Policy{Count: func(_ context.Context, note func(string)) (time.Duration, error) {
			if waits {
				note("a turn")
			}
			time.Sleep(pause)
			return 0, nil
		}}}
		begun := time.Now()
		d := e.newRound(message.Request{}, banner.Message{}, 1)
		ok := d.counted(t.Context(), nil, func(message.Result) {})
		if late := d.until.Sub(begun) >= openingTime+pause; !ok || late != waits {
			t.Errorf("waits %v: until %v, %v", waits, d.until.Sub(begun), ok)
		}
	}
}

// TestTooLate: then nothing is opened, and nothing written.
func TestTooLate(t *testing.T) {
	e := &Engine{Host: "here"}
	d := e.newRound(message.Request{}, banner.Message{}, 1)
	d.until = time.Now().Add(-time.Second)
	d.opened, d.begin = func() {}, func([]message.Result) {}
	var results []message.Result
	d.write(t.Context(), []Place{{Place: sessions.Place{Terminal: &sessions.Terminal{Name: "pts/0"}}}}, func(r message.Result) { results = append(results, r) })
	if len(results) != 1 || results[0].Reason != message.Stuck || results[0].Detail != "not opened within 10s: nothing was written" {
		t.Errorf("%+v", results)
	}
}

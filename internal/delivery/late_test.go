package delivery

import (
	"context"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/sessions"
)

// dispatchOf is a message on its way to these places.
func dispatchOf(e Engine, r message.Request, places []Place, report func(message.Result)) *dispatch {
	if e.Host.Now == nil {
		e.Host.Now = time.Now
	}
	s := &sending{Engine: e, request: r, book: &logbook{log: e.Rules.Log}, report: func(results ...message.Result) {
		for _, one := range results {
			report(one)
		}
	}}
	return s.newDispatch(places)
}

// TestCountedMustGo: the time within which a counted message has to go out begins
// before the count, as the process may be stopped right behind it; but for who had to
// wait for a turn.
func TestCountedMustGo(t *testing.T) {
	const pause = 50 * time.Millisecond
	for _, waits := range []bool{false, true} {
		e := Engine{Rules: Unlimited()}
		e.Rules.Policy = Policy{Count: func(_ context.Context, note func(string)) (time.Duration, error) {
			if waits {
				note("a turn")
			}
			time.Sleep(pause)
			return 0, nil
		}}
		begun := time.Now()
		leave, ok := dispatchOf(e, message.Request{}, nil, func(message.Result) {}).count(t.Context())
		if late := leave.until.Sub(begun) >= openingTime+pause; !ok || late != waits {
			t.Errorf("waits %v: until %v, %v", waits, leave.until.Sub(begun), ok)
		}
	}
}

// TestTooLate: then nothing is opened, and nothing written.
func TestTooLate(t *testing.T) {
	e := Engine{Host: Host{Name: "here"}, Rules: Unlimited()}
	var results []message.Result
	places := []Place{{Place: sessions.Place{Terminal: &sessions.Terminal{Name: "pts/0"}}}}
	d := dispatchOf(e, message.Request{}, places, func(r message.Result) { results = append(results, r) })
	if err := d.carry(t.Context(), ticket{until: time.Now().Add(-time.Second)}); err != nil {
		t.Error(err)
	}
	d.finish(t.Context())
	if len(results) != 1 || results[0].Reason != message.Stuck || results[0].Detail != "not opened within 10s: nothing was written" {
		t.Errorf("%+v", results)
	}
}

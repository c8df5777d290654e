package remote

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"msg/internal/message"
)

// TestFanOut: no more at once than there may be, in all and through a jump host; a
// result for each; and a crowd at a jump host keeps no others waiting.
func TestFanOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most, through, mostThrough atomic.Int64
		raise := func(count, most *atomic.Int64) {
			if n := count.Add(1); n > most.Load() {
				most.Store(n)
			}
		}
		ended := map[string]time.Duration{}
		var mu sync.Mutex
		begun := time.Now()
		var parts []Part
		for i := range 100 {
			jumps := i < 50
			p := Part{Host: fmt.Sprint("h", i), Send: func(context.Context, message.Request, *message.Lines, func(message.Result)) error {
				raise(&now, &most)
				defer now.Add(-1)
				if jumps {
					raise(&through, &mostThrough)
					defer through.Add(-1)
				}
				time.Sleep(time.Second)
				return nil
			}}
			if jumps {
				p.Via = func(context.Context) string { return "bastion" }
			}
			parts = append(parts, p)
		}
		FanOut{Hosts: 20, Via: 5}.Send(t.Context(), parts, nil, func(r message.Result) {
			mu.Lock()
			defer mu.Unlock()
			if _, twice := ended[r.Host]; twice || r.Event != message.Reached {
				t.Errorf("%+v", r)
			}
			ended[r.Host] = time.Since(begun)
		})
		if len(ended) != 100 || most.Load() != 20 || mostThrough.Load() != 5 {
			t.Errorf("%d ended, %d at once, %d through the jump host", len(ended), most.Load(), mostThrough.Load())
		}
		if last := ended["h99"]; last > 5*time.Second {
			t.Errorf("the last that needs no jump host took %v", last)
		}
	})
}

// TestFanOutInterrupted: who has not begun is not begun, and is told.
func TestFanOutInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var parts []Part
	for i := range 30 {
		parts = append(parts, Part{
			Host: fmt.Sprint("h", i),
			Via:  func(context.Context) string { return []string{"", "bastion"}[i%2] },
			Send: func(ctx context.Context, _ message.Request, _ *message.Lines, report func(message.Result)) error {
				cancel()
				<-ctx.Done()
				report(message.Result{Event: message.Failed, Host: "h", Reason: message.NoHelper})
				return nil
			},
		})
	}
	count := map[message.Reason]int{}
	FanOut{Hosts: 4, Via: 1}.Send(ctx, parts, nil, func(r message.Result) { count[r.Reason]++ })
	if count[message.NoHelper] == 0 || count[message.Interrupted] == 0 || count[message.NoHelper]+count[message.Interrupted] != 30 {
		t.Errorf("%v", count)
	}
}

// TestFanOutOpens: a message that stays gives its slot to the next as soon as its text is
// through, in all and through a jump host; and gives it once.
func TestFanOutOpens(t *testing.T) {
	for name, via := range map[string][]string{
		"straight": {"", ""}, "through one jump host": {"bastion", "bastion"}, "one of them through one": {"bastion", ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				opens := []chan struct{}{make(chan struct{}), make(chan struct{})}
				var parts []Part
				for i := range opens {
					parts = append(parts, Part{
						Host: fmt.Sprint("h", i),
						Via:  func(context.Context) string { return via[i] },
						Send: func(ctx context.Context, _ message.Request, _ *message.Lines, report func(message.Result)) error {
							for range 2 { // a host may say so as often as it likes
								report(message.Result{Event: message.Open, Host: "h"})
							}
							close(opens[i])
							select {
							case <-opens[1-i]:
							case <-time.After(time.Hour):
								return errors.New("the other never opens")
							}
							return nil
						},
					})
				}
				var got []message.Event
				FanOut{Hosts: 1, Via: 1}.Send(t.Context(), parts, nil, func(r message.Result) { got = append(got, r.Event) })
				slices.Sort(got)
				want := []message.Event{message.Open, message.Open, message.Open, message.Open, message.Reached, message.Reached}
				if !slices.Equal(got, want) {
					t.Errorf("%v, want %v", got, want)
				}
			})
		})
	}
}

// TestFanOutKeepsItsBounds: until their text is through, no more than may be are at work;
// those that are open do not count.
func TestFanOutKeepsItsBounds(t *testing.T) {
	for _, via := range []string{"", "bastion"} {
		synctest.Test(t, func(t *testing.T) {
			var mu sync.Mutex
			now, most, open, mostOpen := 0, 0, 0, 0
			count := func(working, waiting int) {
				mu.Lock()
				defer mu.Unlock()
				now, open = now+working, open+waiting
				most, mostOpen = max(most, now), max(mostOpen, open)
			}
			var parts []Part
			for i := range 50 {
				parts = append(parts, Part{
					Host: fmt.Sprint("h", i),
					Via:  func(context.Context) string { return via },
					Send: func(_ context.Context, _ message.Request, _ *message.Lines, report func(message.Result)) error {
						count(1, 0)
						time.Sleep(time.Second)
						count(-1, 1)
						report(message.Result{Event: message.Open, Host: "h"})
						time.Sleep(time.Hour)
						count(0, -1)
						return nil
					},
				})
			}
			begun, ended := time.Now(), 0
			FanOut{Hosts: 10, Via: 5}.Send(t.Context(), parts, nil, func(r message.Result) {
				if r.Event == message.Reached {
					ended++
				}
			})
			want := 10
			if via != "" {
				want = 5
			}
			if took := time.Since(begun); most != want || mostOpen != 50 || ended != 50 || took > time.Hour+time.Minute {
				t.Errorf("through %q: %d at work, %d open, %d ended in %v", via, most, mostOpen, ended, took)
			}
		})
	}
}

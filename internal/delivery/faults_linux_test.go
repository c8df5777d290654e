package delivery_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty/ttytest"
)

// deed is what becomes of a terminal.
type deed struct {
	name string
	root bool // only root can do it
	do   func(t *testing.T, term *ttytest.Terminal)

	// What the result is then, of a terminal that it was done to before it was opened, before
	// it was written to, and while it is held.
	looked, opened, held message.Reason
}

var deeds = []deed{
	{
		name: "hung up", looked: "gone", opened: "gone", held: "gone",
		do: func(_ *testing.T, term *ttytest.Terminal) { term.HangUp() },
	}, {
		name: "another's", root: true, looked: "owner-changed", opened: "owner-changed", held: "owner-changed",
		do: func(t *testing.T, term *ttytest.Terminal) {
			if err := os.Chown(term.Path, 1, -1); err != nil {
				t.Fatal(err)
			}
		},
	}, {
		name: "messages off", looked: "messages-off", opened: "messages-off", held: "messages-off",
		do: func(t *testing.T, term *ttytest.Terminal) {
			if err := os.Chmod(term.Path, 0o600); err != nil {
				t.Fatal(err)
			}
		},
	},
}

// step is when it is done.
type step struct {
	name string
	want func(deed) message.Reason
	held bool // the terminal is

	// at has the engine do it then, and tells what results are to do besides.
	at func(e *delivery.Engine, do func()) (seen func(message.Result))
}

var steps = []step{
	{
		"between looking and opening", func(d deed) message.Reason { return d.looked }, false,
		func(e *delivery.Engine, do func()) func(message.Result) {
			e.Rules.Spare = func(sessions.Picture) []string { do(); return nil }
			return func(message.Result) {}
		},
	}, {
		"between opening and writing", func(d deed) message.Reason { return d.opened }, false,
		func(e *delivery.Engine, do func()) func(message.Result) {
			e.Rules.Log = func(delivery.Logged) error { do(); return nil }
			return func(message.Result) {}
		},
	}, {
		"while it is held", func(d deed) message.Reason { return d.held }, true,
		func(_ *delivery.Engine, do func()) func(message.Result) {
			return func(r message.Result) {
				if r.Event == message.Delivered {
					do()
				}
			}
		},
	},
}

// TestFaultsAtEachStep has something happen to terminals at each step of a message: each has
// its one result, which is true; another one has the message; and nothing stays behind.
func TestFaultsAtEachStep(t *testing.T) {
	for _, s := range steps {
		tries := 50
		if s.held { // it takes a while to be noticed
			tries = 20
		}
		for _, d := range deeds {
			t.Run(d.name+" "+s.name, func(t *testing.T) {
				if d.root && os.Getuid() != 0 {
					t.Skip("only root can give a terminal to somebody else")
				}
				t.Run("first", func(t *testing.T) { s.try(t, d) }) // what is made once is there from then on
				files, goroutines := descriptors(t), runtime.NumGoroutine()
				for i := range tries {
					if ok := t.Run(fmt.Sprint(i), func(t *testing.T) { s.try(t, d) }); !ok {
						return
					}
				}
				checkSettles(t, files, goroutines)
			})
		}
	}
}

// try is one message to three terminals, to two of which something is done.
func (s step) try(t *testing.T, d deed) {
	steady, struck := ttytest.Open(t), []*ttytest.Terminal{ttytest.Open(t), ttytest.Open(t)}
	for _, term := range struck {
		if s.held {
			term.Hold(t)
		}
	}
	e := engine()
	seen := s.at(e, sync.OnceFunc(func() {
		for _, term := range struck {
			d.do(t, term)
		}
	}))
	r := request(t, struck[0].Name+","+steady.Name+","+struck[1].Name, "hello")
	r.Time, r.Polite = time.Minute, true // root, too, heeds that messages are off
	results := map[string]message.Result{}
	begun := time.Now()
	if err := e.Send(t.Context(), r, nil, func(result message.Result) {
		if result.Event != message.Waiting {
			if _, twice := results[result.Terminal]; twice {
				t.Errorf("a second result: %+v", result)
			}
			results[result.Terminal] = result
		}
		seen(result)
	}); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took >= r.Time || len(results) != 3 {
		t.Errorf("%d results after %v: %+v", len(results), took, results)
	}
	steady.Await(t, "| hello")
	for _, term := range struck {
		got := results[term.Name]
		if got.Reason != s.want(d) || (got.Event == message.Delivered) != (got.Reason == "") {
			t.Errorf("%+v, want reason %q", got, s.want(d))
		}
		if got.Event == message.Delivered {
			term.Await(t, "| hello")
		} else if shows := term.Seen(); strings.Contains(shows, "hello") || s.held && !strings.Contains(got.Detail, "nothing was written") {
			t.Errorf("%+v, and it shows %q", got, shows)
		}
	}
}

// TestStuckLeavesNothing has terminals that take nothing until the deadline, and until who
// sends gives up.
func TestStuckLeavesNothing(t *testing.T) {
	var names []string
	for range 10 {
		term := ttytest.Open(t)
		term.Hold(t)
		names = append(names, term.Name)
	}
	send := func(patience, giveUp time.Duration) {
		ctx, cancel := context.WithTimeout(t.Context(), giveUp)
		defer cancel()
		r := request(t, strings.Join(names, ","), "hello")
		r.Time = patience
		stuck := 0
		if err := engine().Send(ctx, r, nil, func(result message.Result) {
			if result.Reason.Public() == "stuck" && strings.HasSuffix(result.Detail, "nothing was written") {
				stuck++
			}
		}); err != nil || stuck != len(names) {
			t.Errorf("%d of %d are stuck, %v", stuck, len(names), err)
		}
	}
	send(10*time.Millisecond, time.Minute)
	files, goroutines := descriptors(t), runtime.NumGoroutine()
	for range 50 {
		send(10*time.Millisecond, time.Minute)
	}
	for range 5 {
		send(message.MaxPatience, 50*time.Millisecond)
	}
	checkSettles(t, files, goroutines)
}

// checkSettles holds that there are no more descriptors and goroutines than before; what has
// ended may take a moment.
func checkSettles(t *testing.T, files, goroutines int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		nowFiles, nowGoroutines := descriptors(t), runtime.NumGoroutine()
		if nowFiles <= files && nowGoroutines <= goroutines {
			return
		}
		if time.Now().After(deadline) {
			var stacks [1 << 16]byte
			t.Fatalf("%d descriptors, %d before; %d goroutines, %d before:\n%s", nowFiles, files, nowGoroutines, goroutines, stacks[:runtime.Stack(stacks[:], true)])
		}
	}
}

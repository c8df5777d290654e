//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/test/island"
)

// senders are who sends: each fault meets root, who delivers in msg itself, and a user, for
// whom msgd does.
func senders(t *testing.T, test func(t *testing.T, by *island.Person)) {
	t.Run("root", func(t *testing.T) { test(t, nil) })
	t.Run("user", func(t *testing.T) { test(t, &people[0]) })
}

// sendersAtOnce is for what waits for deadlines.
func sendersAtOnce(t *testing.T, test func(t *testing.T, by *island.Person)) {
	senders(t, func(t *testing.T, by *island.Person) {
		t.Parallel()
		test(t, by)
	})
}

// whose is for the table.
func whose(by *island.Person) string {
	if by == nil {
		return "root"
	}
	return "user"
}

// opened opens terminals, of a person each from the first on.
func opened(t *testing.T, how func(island.Person) (*island.Terminal, error), first, n int) []*island.Terminal {
	t.Helper()
	all := make([]*island.Terminal, n)
	for i := range all {
		one, err := how(people[first+i])
		if err != nil {
			t.Fatal(err)
		}
		all[i] = one
	}
	t.Cleanup(func() { hangUp(all) })
	return all
}

func hangUp(all []*island.Terminal) {
	for _, one := range all {
		one.HangUp()
	}
}

// TestNoFault holds that the judge finds nothing where nothing is wrong.
func TestNoFault(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		c := fault(t, "none ("+whose(by)+")")
		terminals := opened(t, island.Open, 1, 10)
		for range 20 {
			o, err := sending{by: by, targets: names(terminals...)}.send()
			if err == nil {
				err = o.only(terminals...)
			}
			if err == nil {
				_, err = o.each(terminals)
			}
			c.tried(err)
		}
	})
}

// storm has something done to terminals while msg is at work, to each at a moment of its own.
type storm struct {
	fault   string
	deed    func(*island.Terminal) error
	away    bool // they are away after that
	byUser  bool // the targets are the people, not the terminals
	reasons []string
}

// messagesOff is the mode of a terminal whose owner has said no.
const messagesOff = 0o600 | os.ModeSticky

const (
	runs     = 100
	victims  = 5  // of each run
	firstOne = 20 // of the people, who is a victim
)

// TestStorms: whatever becomes of terminals at whatever moment, results are true.
func TestStorms(t *testing.T) {
	gone := []string{"gone", "unknown"}
	for name, s := range map[string]storm{
		"gone": {
			fault: "hung up at any moment", away: true, reasons: gone,
			deed: func(one *island.Terminal) error { one.HangUp(); return nil },
		},
		"owner": {
			fault: "another owner at any moment", byUser: true, reasons: []string{"owner-changed", "not-logged-in"},
			deed: func(one *island.Terminal) error { return os.Chown(one.Path, people[1].UID, -1) },
		},
		"mesg": {
			fault: "messages off at any moment", reasons: []string{"messages-off"},
			deed: func(one *island.Terminal) error { return os.Chmod(one.Path, messagesOff) },
		},
		"exclusive": {
			fault: "exclusive at any moment", reasons: []string{"busy"},
			deed: func(one *island.Terminal) error { return one.Exclude() },
		},
		"held": {
			fault: "held for a moment at any moment",
			deed: func(one *island.Terminal) error {
				return errors.Join(one.Type("\x13"), pause(20*time.Millisecond), one.Type("\x11"))
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			senders(t, func(t *testing.T, by *island.Person) {
				s := s
				if by == nil && (name == "mesg" || name == "exclusive") {
					s.reasons = nil // root passes that
				}
				c := fault(t, s.fault+" ("+whose(by)+")")
				steady := opened(t, island.Open, 2, 5)
				span := 20 * time.Millisecond
				for range runs {
					span = s.run(t, c, by, steady, span)
				}
			})
		})
	}
}

func pause(d time.Duration) error {
	time.Sleep(d)
	return nil
}

// run is one message. It returns how long that took, which is when something may happen the
// next time.
func (s storm) run(t *testing.T, c *count, by *island.Person, steady []*island.Terminal, span time.Duration) time.Duration {
	struck := make([]*island.Terminal, victims)
	for i := range struck {
		one, err := island.Open(people[firstOne+i])
		if err != nil {
			t.Fatal(err)
		}
		defer one.HangUp()
		struck[i] = one
	}
	targets := names(slices.Concat(steady, struck)...)
	if s.byUser {
		targets = s.register(t, steady, struck)
	}
	msg, err := sending{by: by, targets: targets, time: beside}.begin()
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for _, one := range struck {
		all.Go(func() {
			time.Sleep(rand.N(span))
			if err := s.deed(one); err != nil {
				t.Error(err)
			}
		})
	}
	o, err := msg.wait()
	all.Wait()
	shown := ""
	if err == nil {
		shown, err = o.each(steady)
	}
	if err == nil && len(o.results) != len(steady)+len(struck) {
		err = fmt.Errorf("%d results: %+v", len(o.results), o.results)
	}
	for _, one := range struck {
		if err != nil {
			c.tried(err)
			continue
		}
		c.tried(s.judge(o, one, shown))
		c.came(o.results[one.Name])
	}
	return max(o.took, 5*time.Millisecond)
}

// register has utmp name who is there, and returns them as targets.
func (s storm) register(t *testing.T, steady, struck []*island.Terminal) string {
	var records []island.Record
	targets := names(steady...)
	for _, one := range struck {
		records = append(records, one.Record())
		targets += "," + one.Person.Name
	}
	if err := island.WriteUtmp(records); err != nil {
		t.Fatal(err)
	}
	return targets
}

func (s storm) judge(o outcome, one *island.Terminal, all string) error {
	r, ok := o.results[one.Name]
	if !ok { // it was another's, or gone, before it was looked at
		r, ok = o.results[one.Person.Name]
		o.results[one.Name] = r
	}
	if !ok || r.Event == "failed" && !slices.Contains(s.reasons, r.Reason) || r.Event != "failed" && r.Event != "delivered" {
		return fmt.Errorf("%s of %s: %+v", one.Name, one.Person.Name, r)
	}
	return o.isTrue(one, all, s.away)
}

// TestReplaced: a terminal that has the number of one that is gone, and another owner, has
// nothing of what is for the first one's.
func TestReplaced(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		c := fault(t, "its number another user's terminal by now ("+whose(by)+")")
		steady := opened(t, island.Open, 2, 5)
		span, taken := 20*time.Millisecond, 0
		for range 3 * runs {
			old, err := island.Open(people[firstOne])
			if err != nil {
				t.Fatal(err)
			}
			targets := storm{}.register(t, steady, []*island.Terminal{old})
			msg, err := sending{by: by, targets: targets, time: beside}.begin()
			if err != nil {
				t.Fatal(err)
			}
			time.Sleep(rand.N(span))
			old.HangUp()
			heir, err := island.Open(people[1])
			if err != nil {
				t.Fatal(err)
			}
			if heir.Name == old.Name {
				taken++
			}
			c.tried(func() error {
				o, err := msg.wait()
				if err != nil {
					return err
				}
				span = max(o.took, 5*time.Millisecond)
				all, err := o.each(steady)
				if err != nil {
					return err
				}
				if err := heir.Settle(patience); err != nil {
					return err
				}
				if seen, _ := heir.Take(); len(seen) > 0 {
					return fmt.Errorf("the terminal that came after it shows %q", seen)
				}
				return storm{away: true, reasons: []string{"gone", "owner-changed", "not-logged-in"}}.judge(o, old, all)
			}())
			heir.HangUp()
		}
		if t.Logf("%d had the same number", taken); taken == 0 {
			t.Error("none had the same number")
		}
	})
}

// held has all these takes nothing.
func held(t *testing.T, all []*island.Terminal) {
	t.Helper()
	for _, one := range all {
		if err := one.Hold(); err != nil {
			t.Fatal(err)
		}
	}
}

// whileHeld has something done to held terminals while msg waits for them.
type whileHeld struct {
	fault   string
	deed    func(*island.Terminal) error
	away    bool
	reasons []string // "" is delivered
	root    []string // for root, where they are others
	ends    bool     // with the deed; else at the deadline
}

// TestHeld: what becomes of a terminal that is held is noticed while it is.
func TestHeld(t *testing.T) {
	const n = 40
	for name, w := range map[string]whileHeld{
		"for good": {
			fault: "held by Ctrl-S", reasons: []string{"stuck"},
			deed: func(*island.Terminal) error { return nil },
		},
		"released": {
			fault: "held by Ctrl-S, and released", reasons: []string{""}, ends: true,
			deed: func(one *island.Terminal) error { return one.Release() },
		},
		"gone": {
			fault: "held, and hung up", reasons: []string{"gone"}, away: true, ends: true,
			deed: func(one *island.Terminal) error { one.HangUp(); return nil },
		},
		"owner": {
			fault: "held, and another's by now", reasons: []string{"owner-changed"}, ends: true,
			deed: func(one *island.Terminal) error { return os.Chown(one.Path, people[1].UID, -1) },
		},
		"mesg": {
			fault: "held, and messages off by now", reasons: []string{"messages-off"}, root: []string{"stuck"}, ends: true,
			deed: func(one *island.Terminal) error { return os.Chmod(one.Path, messagesOff) },
		},
		"exclusive": {
			fault: "held, and exclusive by now", reasons: []string{"stuck"}, // it is open already
			deed: func(one *island.Terminal) error { return one.Exclude() },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sendersAtOnce(t, func(t *testing.T, by *island.Person) {
				w := w
				if by == nil && w.root != nil {
					w.reasons, w.ends = w.root, false
				}
				c := fault(t, w.fault+" ("+whose(by)+")")
				steady, struck := opened(t, island.Open, 2, 5), opened(t, island.Open, firstOne, n)
				held(t, struck)
				o, all, err := w.run(t, by, steady, struck)
				for _, one := range struck {
					c.tried(errors.Join(err, w.judge(o, one, all)))
				}
			})
		})
	}
}

func (w whileHeld) run(t *testing.T, by *island.Person, steady, struck []*island.Terminal) (o outcome, all string, err error) {
	deadline := beside
	if w.ends {
		deadline = time.Minute
	}
	msg, err := sending{by: by, targets: names(slices.Concat(steady, struck)...), time: deadline}.begin()
	if err != nil {
		t.Fatal(err)
	}
	for _, one := range steady { // from there on, it waits for the others
		if err := one.Await(msg.text, patience); err != nil {
			t.Error(err)
		}
	}
	for _, one := range struck {
		time.Sleep(rand.N(10 * time.Millisecond))
		if err := w.deed(one); err != nil {
			t.Error(err)
		}
	}
	if o, err = msg.wait(); err != nil {
		return o, "", err
	}
	if w.ends && o.took >= deadline {
		return o, "", fmt.Errorf("it waits until the deadline: %v", o.took)
	}
	if err := o.only(slices.Concat(steady, struck)...); err != nil {
		return o, "", err
	}
	all, err = o.each(steady)
	return o, all, err
}

func (w whileHeld) judge(o outcome, one *island.Terminal, all string) error {
	if r := o.results[one.Name]; !slices.Contains(w.reasons, r.Reason) {
		return fmt.Errorf("%+v, want %q", r, w.reasons)
	}
	if one.Held && !w.away {
		if err := one.Release(); err != nil {
			return err
		}
	}
	return o.isTrue(one, all, w.away)
}

// TestExclusive: a user may not open what is exclusive; root may.
func TestExclusive(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		c := fault(t, "exclusive ("+whose(by)+")")
		steady, struck := opened(t, island.Open, 2, 5), opened(t, island.Open, firstOne, 20)
		for _, one := range struck {
			if err := one.Exclude(); err != nil {
				t.Fatal(err)
			}
		}
		for range 10 {
			o, err := sending{by: by, targets: names(slices.Concat(steady, struck)...)}.send()
			all := ""
			if err == nil {
				all, err = o.each(steady)
			}
			want := "busy"
			if by == nil {
				want = ""
			}
			for _, one := range struck {
				if err == nil && o.results[one.Name].Reason != want {
					err = fmt.Errorf("%+v, want %q", o.results[one.Name], want)
				}
				if err == nil {
					err = o.isTrue(one, all, false)
				}
				c.tried(err)
			}
		}
	})
}

// most is the most text that somebody may send, in rows of a terminal.
func most(by *island.Person) string {
	rows := 900
	if by != nil {
		rows = 90
	}
	return strings.Repeat(strings.Repeat("0123456789", 7)+"\n", rows)
}

// TestSlow: of what is too slow, as much is told as has been written; what is slow but sure
// has all of it.
func TestSlow(t *testing.T) {
	for name, s := range map[string]struct {
		fault  string
		full   bool
		most   int
		pause  time.Duration
		stuck  bool
		begins bool // once msg waits for it; nobody has read before
	}{
		"second":  {"a byte a second", true, 1, time.Second, true, false},
		"tenth":   {"a byte each 100 ms", true, 1, 100 * time.Millisecond, true, false},
		"sure":    {"slow, but sure", true, 1024, 5 * time.Millisecond, false, false},
		"full":    {"full: nobody reads", true, 0, 0, true, false},
		"late":    {"full, and read from then on", true, 4096, 0, false, true},
		"flooded": {"more than it takes: nobody reads", false, 0, 0, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sendersAtOnce(t, func(t *testing.T, by *island.Person) {
				if !s.full && by != nil {
					return // a user may not send that much
				}
				c := fault(t, s.fault+" ("+whose(by)+")")
				steady, struck := opened(t, island.Open, 2, 3), opened(t, island.OpenUnread, firstOne, 20)
				for _, one := range struck {
					if s.full {
						if _, err := one.Fill(0); err != nil {
							t.Fatal(err)
						}
					}
					if s.most > 0 && !s.begins {
						one.Read(s.most, s.pause)
					}
				}
				deadline := beside
				if !s.stuck {
					deadline = time.Minute
				}
				msg, err := sending{
					by: by, targets: names(slices.Concat(steady, struck)...), time: deadline, text: newText() + "\n" + most(by),
				}.begin()
				if err != nil {
					t.Fatal(err)
				}
				if s.begins {
					time.Sleep(200 * time.Millisecond)
					for _, one := range struck {
						one.Read(s.most, s.pause)
					}
				}
				o, err := msg.wait()
				all := ""
				if err == nil {
					all, err = o.each(steady)
				}
				for _, one := range struck {
					one.Read(4096, 0)
					if err != nil {
						c.tried(err)
						continue
					}
					r := o.results[one.Name]
					if r.Reason != map[bool]string{true: "stuck"}[s.stuck] {
						err = fmt.Errorf("%+v", r)
					}
					c.tried(errors.Join(err, o.isTrue(one, all, false)))
				}
				t.Log(o.results[struck[0].Name])
			})
		})
	}
}

// TestHalfOverlay: a full-screen program's terminal that takes half of what is to be written
// over it is not said to have nothing.
func TestHalfOverlay(t *testing.T) {
	scratch := opened(t, island.OpenUnread, 2, 1)[0]
	if err := scratch.FullScreen(); err != nil {
		t.Fatal(err)
	}
	room := 0
	for range 4 { // the kernel moves it on meanwhile
		n, err := scratch.Fill(0)
		if err != nil {
			t.Fatal(err)
		}
		room += n
	}
	sendersAtOnce(t, func(t *testing.T, by *island.Person) {
		c := fault(t, "room for half of an overlay ("+whose(by)+")")
		all := opened(t, island.OpenUnread, firstOne, 20)
		for i, one := range all {
			if err := one.FullScreen(); err != nil {
				t.Fatal(err)
			}
			for left := room - 100*i; left > 0; { // 1,500 bytes are to come
				n, err := one.Fill(left)
				if err != nil {
					t.Fatal(err)
				}
				if left -= n; n == 0 {
					break
				}
			}
			if err := one.Lead(); err != nil {
				t.Fatal(err)
			}
		}
		o, err := sending{by: by, targets: names(all...), time: 2 * time.Second, text: strings.Repeat("A line.\n", 17) + newText()}.send()
		halves := 0
		for _, one := range all {
			one.Read(4096, 0)
			half, judged := o.half(one)
			c.tried(errors.Join(err, judged))
			if half {
				halves++
			}
		}
		if t.Logf("%d with half of it", halves); halves == 0 {
			t.Error("none was cut off")
		}
	})
}

// half judges a terminal of TestHalfOverlay.
func (o outcome) half(one *island.Terminal) (half bool, err error) {
	if err := one.Settle(patience); err != nil {
		return false, err
	}
	taken, _ := one.Take()
	seen := strings.TrimLeft(string(taken), "x")
	r := o.results[one.Name]
	switch partly := strings.HasSuffix(r.Detail, " bytes were written"); {
	case r.Event == "delivered" && strings.Count(seen, "A line.") == 17 && strings.HasSuffix(seen, "\x1b8"):
	case r.Reason == "stuck" && partly == (seen != ""):
		return partly, nil
	default:
		return false, fmt.Errorf("%+v, and it shows %q", r, seen)
	}
	return false, nil
}

// TestFewDescriptors: with room for some terminals at once, all have their result, although
// some of them are held. It is root's msg that has few descriptors; for users, it is msgd.
func TestFewDescriptors(t *testing.T) {
	const room = 40
	limitService(t, room)
	for _, few := range []int{10, 40} { // there is room for some 16
		t.Run(fmt.Sprint(few), func(t *testing.T) {
			t.Parallel()
			sendersAtOnce(t, func(t *testing.T, by *island.Person) {
				c := fault(t, fmt.Sprintf("%d descriptors, 200 terminals, %d held (%s)", room, few, whose(by)))
				steady, struck := opened(t, island.Open, 2, 200-few), opened(t, island.Open, 202-few, few)
				held(t, struck)
				shuffled := slices.Concat(steady, struck)
				rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
				msg := sending{by: by, targets: names(shuffled...), time: 2 * time.Second, longer: 4 * time.Second}
				if by == nil {
					msg.start = limited(fmt.Sprint("-n ", room))
				}
				o, err := msg.send()
				if err == nil {
					err = o.only(shuffled...)
				}
				for _, one := range shuffled {
					if err == nil {
						if one.Held {
							err = one.Release()
						}
						err = errors.Join(err, one.Settle(patience))
					}
				}
				t.Log(o.took)
				for _, one := range shuffled {
					c.tried(errors.Join(err, o.few(one, slices.Contains(struck, one), few)))
				}
			})
		})
	}
}

// limitService has msgd's conversations have that many descriptors at most, until the end of the
// test.
func limitService(t *testing.T, most uint64) {
	t.Helper()
	if err := unix.Prlimit(service.PID, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: most, Max: most}, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { restart(t, (*exec.Cmd).Start) }) // nobody may raise a limit again
}

// restart has another msgd listen, started like that.
func restart(t *testing.T, start island.Starter) {
	t.Helper()
	if err := errors.Join(service.Kill(), service.Restart(start)); err != nil {
		t.Fatal(err)
	}
}

// few judges a terminal of TestFewDescriptors.
func (o outcome) few(one *island.Terminal, wasHeld bool, few int) error {
	seen, _ := one.Take()
	r := o.results[one.Name]
	if n := strings.Count(string(seen), o.text); n > 1 || (n == 1) != (r.Event == "delivered") || n == 0 && len(seen) > 0 {
		return fmt.Errorf("%+v, and it shows %q", r, seen)
	}
	if want := map[bool]string{true: "stuck"}[wasHeld]; r.Reason != want && (few < 16 || r.Reason != "stuck") {
		return fmt.Errorf("%+v, want %q", r, want)
	}
	return nil
}

// TestOutput: who reads no results holds up no message.
func TestOutput(t *testing.T) {
	senders(t, func(t *testing.T, by *island.Person) {
		all := opened(t, island.Open, 2, 200)
		t.Run("closed", func(t *testing.T) {
			c := fault(t, "standard output closed ("+whose(by)+")")
			for range 5 {
				r, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				r.Close()
				text := newText()
				cmd := program(by, island.Msg, "send", "--json", names(all...), text)
				cmd.Stdout = w
				err = errors.Join(cmd.Start(), w.Close(), within(cmd, margin))
				if status := cmd.ProcessState.ExitCode(); err == nil && status != 0 {
					err = fmt.Errorf("exit status %d", status)
				}
				for _, one := range all {
					c.tried(errors.Join(err, once(one, text)))
				}
			}
		})
		t.Run("full", func(t *testing.T) {
			c := fault(t, "standard output full ("+whose(by)+")")
			for range 5 {
				r, w, filled, err := fullPipe()
				if err != nil {
					t.Fatal(err)
				}
				text := newText()
				cmd := program(by, island.Msg, "send", "--json", names(all...), text)
				cmd.Stdout = w
				if err := errors.Join(cmd.Start(), w.Close()); err != nil {
					t.Fatal(err)
				}
				for _, one := range all { // while nobody reads a result
					c.tried(errors.Join(one.Await(text, patience), once(one, text)))
				}
				read := make(chan error, 1)
				o := outcome{text: text}
				go func() {
					out, err := readAll(r)
					if err == nil {
						err = o.read(out[filled:])
					}
					read <- err
				}()
				err = errors.Join(within(cmd, margin), <-read)
				if err == nil {
					err = o.only(all...)
				}
				c.tried(err)
			}
		})
	})
}

// once holds that a terminal shows a text one time.
func once(one *island.Terminal, text string) error {
	if err := one.Settle(patience); err != nil {
		return err
	}
	if seen, _ := one.Take(); strings.Count(string(seen), text) != 1 {
		return fmt.Errorf("%s shows %q, want %q once", one.Name, seen, text)
	}
	return nil
}

// fullPipe is one that has room for nothing more.
func fullPipe() (r, w *os.File, filled int, err error) {
	if r, w, err = os.Pipe(); err != nil {
		return nil, nil, 0, err
	}
	filled, err = unix.FcntlInt(w.Fd(), unix.F_SETPIPE_SZ, 4096)
	if err == nil {
		_, err = w.Write(make([]byte, filled))
	}
	return r, w, filled, err
}

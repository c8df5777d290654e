//go:build linux

package faults_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/message"
	"msg/test/island"
)

// ends are the signals that end msg, and let it tell first what has become of the message.
var ends = []syscall.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP}

// TestSignals ends msg by a signal at a random time.
func TestSignals(t *testing.T) {
	hangup := make(chan os.Signal, 1) // what this process ignores, as below nohup(1), msg would, too
	signal.Notify(hangup, unix.SIGHUP)
	defer signal.Stop(hangup)
	s := newStage(t, 3)
	stuck := opened(t, island.Open, 10, 1)[0]
	if err := errors.Join(stuck.Lead(), stuck.Hold()); err != nil {
		t.Fatal(err)
	}
	senders(t, func(t *testing.T, by *island.Person) {
		s := &stage{T: t, log: s.log, terminals: s.terminals}
		for _, one := range []struct {
			during  string
			options []string
			more    string // targets
			signals int
			within  time.Duration
		}{
			{"a message", nil, "", 1, 20 * time.Millisecond},
			{"a wait for a held terminal", nil, stuck.Name, 1, 60 * time.Millisecond},
			{"a wait for a held terminal, twice", nil, stuck.Name, 2, 60 * time.Millisecond},
			{"--wait", []string{"--wait"}, "", 1, 60 * time.Millisecond},
			{"a countdown", []string{"countdown", "--until", "+1h"}, "", 1, 60 * time.Millisecond},
			{"a countdown for everyone", []string{"countdown", "--until", "+1h", "--except", stuck.Name}, "*", 1, 60 * time.Millisecond},
		} {
			c := fault(t, fmt.Sprintf("INT, TERM or HUP during %s (%s)", one.during, whose(by)))
			for i := range 12 {
				r := s.to(by, one.more, one.options...)
				for range one.signals {
					time.Sleep(rand.N(one.within))
					_ = r.cmd.Process.Signal(ends[i%len(ends)])
				}
				c.tried(s.ended(by, r.wait(), one.signals == 1))
			}
		}
	})
}

// ended judges a message that was ended by a signal: it has said so, or nothing was sent, or
// it was over.
func (s *stage) ended(by *island.Person, out sent, once bool) error {
	s.Helper()
	err := errors.Join(gone(), s.judge(out))
	switch status := out.state.Sys().(syscall.WaitStatus); {
	case status.Signaled() && len(out.results) > 0 && !out.whole && once:
		err = errors.Join(err, fmt.Errorf("%v, after %+v alone", out.state, out.results))
	case status.Exited() && !out.whole && (status.ExitStatus() != 130 || len(out.results) > 0), status.Exited() && status.ExitStatus() != 0 && status.ExitStatus() != 130:
		err = errors.Join(err, fmt.Errorf("%v, %+v, %q", out.state, out.results, out.stderr))
	}
	return errors.Join(err, s.goesOn(by))
}

// TestTypedSignals ends msg while somebody types line by line: by a signal, by Ctrl-C, and
// by the end of the terminal that they sit at.
func TestTypedSignals(t *testing.T) {
	s := newStage(t, 3)
	senders(t, func(t *testing.T, by *island.Person) {
		s := &stage{T: t, log: s.log, terminals: s.terminals}
		for what, end := range map[string]func(*started, *island.Terminal){
			"TERM":       func(r *started, _ *island.Terminal) { _ = r.cmd.Process.Signal(unix.SIGTERM) },
			"Ctrl-C":     func(_ *started, desk *island.Terminal) { _ = desk.Type("\x03") },
			"the hangup": func(_ *started, desk *island.Terminal) { desk.HangUp() },
		} {
			c := fault(t, fmt.Sprintf("%s while lines are typed (%s)", what, whose(by)))
			for range 8 {
				c.tried(s.typed(by, end))
			}
		}
	})
}

func (s *stage) typed(by *island.Person, end func(*started, *island.Terminal)) error {
	desk, err := island.Open(people[11])
	if err != nil {
		return err
	}
	defer desk.HangUp()
	keyboard, err := os.OpenFile(desk.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer keyboard.Close()
	w := word()
	cmd := program(by, island.Msg, "--json", s.all())
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = false, true, true
	cmd.Stdin = keyboard
	r := s.start(cmd, w)
	keyboard.Close()
	over := make(chan struct{})
	go func() {
		defer close(over)
		for range rand.IntN(8) {
			_ = desk.Type(w + "\r") // until it hangs up
			time.Sleep(rand.N(10 * time.Millisecond))
		}
	}()
	time.Sleep(rand.N(80 * time.Millisecond))
	end(r, desk)
	<-over
	return s.endedTyped(by, r.wait())
}

// endedTyped judges a message whose lines are the word alone.
func (s *stage) endedTyped(by *island.Person, out sent) error {
	s.log.sync(s.T)
	err := errors.Join(out.err, gone())
	for _, t := range s.terminals {
		screen := s.shown(t)
		err = errors.Join(err, whole(screen))
		has := strings.Contains(screen, out.word)
		if has && !s.log.has(out.word, t.Name) {
			err = errors.Join(err, fmt.Errorf("%s shows what is not in the log: %q", t.Name, screen))
		}
		results := 0
		for _, one := range out.results {
			if one.Terminal != t.Name || one.Event != message.Delivered && one.Event != message.Failed {
				continue
			}
			results++
			if one.Event == message.Delivered && (!has || !strings.Contains(screen, "\nEOF ")) {
				err = errors.Join(err, fmt.Errorf("%+v, and it shows %q", one, screen))
			}
		}
		if results > 1 || out.whole && results == 0 && has {
			err = errors.Join(err, fmt.Errorf("%d results of %s", results, t.Name))
		}
	}
	status := out.state.Sys().(syscall.WaitStatus)
	if status.Exited() && status.ExitStatus() != 0 && status.ExitStatus() != 130 && status.ExitStatus() != 2 {
		err = errors.Join(err, fmt.Errorf("%v, %+v, %q", out.state, out.results, out.stderr))
	}
	if err != nil {
		return fmt.Errorf("%w\n%v, %+v, %q", err, out.state, out.results, out.stderr)
	}
	return s.goesOn(by)
}

// TestPipes has those go away who read what msg says.
func TestPipes(t *testing.T) {
	s := newStage(t, 100)
	senders(t, func(t *testing.T, by *island.Person) {
		s := &stage{T: t, log: s.log, terminals: s.terminals}
		c := fault(t, "the reader of the results goes away after one ("+whose(by)+")")
		for range 10 {
			c.tried(s.head(by))
		}
		for what, redirected := range map[string]string{
			"standard output and error closed": `exec "$0" "$@" >&- 2>&-`,
			"all standard descriptors closed":  `exec "$0" "$@" <&- >&- 2>&-`,
		} {
			c := fault(t, what+" ("+whose(by)+")")
			for range 10 {
				w := word()
				cmd := program(by, "/bin/sh", "-c", redirected, island.Msg, "-v", s.all(), text(w))
				c.tried(s.reachedAll(s.start(cmd, w).wait()))
			}
		}
		c = fault(t, "SIGPIPE at a random time ("+whose(by)+")")
		for range 20 {
			r := s.begin(by)
			pid := r.cmd.Process.Pid
			time.Sleep(5*time.Millisecond + rand.N(15*time.Millisecond))
			_ = unix.Kill(-pid, unix.SIGPIPE)
			out := r.wait()
			if out.state.Sys().(syscall.WaitStatus).Signaled() { // it had not begun
				c.tried(s.judge(out))
				continue
			}
			c.tried(s.reachedAll(out))
		}
	})
	c := fault(t, "the reader of answers goes away")
	for range 5 {
		c.tried(s.tail())
	}
}

// reachedAll holds that everyone has a message.
func (s *stage) reachedAll(out sent) error {
	err := errors.Join(out.err, gone())
	for _, t := range s.terminals {
		screen := s.shown(t)
		if err := whole(screen); err != nil {
			return err
		}
		if strings.Count(screen, out.word) != 2 {
			err = errors.Join(err, fmt.Errorf("%s shows %q", t.Name, screen))
		}
	}
	if out.state.ExitCode() != 0 {
		err = errors.Join(err, fmt.Errorf("%v, %q", out.state, out.stderr))
	}
	return err
}

// head reads one result, as head -1 does.
func (s *stage) head(by *island.Person) error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	one := word()
	cmd := program(by, island.Msg, "-v", s.all(), text(one))
	cmd.Stdout = w
	msg := s.start(cmd, one)
	w.Close()
	if _, err := bufio.NewReaderSize(r, 16).ReadSlice('\n'); err != nil && !errors.Is(err, bufio.ErrBufferFull) {
		return err
	}
	r.Close()
	return s.reachedAll(msg.wait())
}

// tail goes away while answers are waited for: then nobody waits. An answer is taken, and
// was waited for, or neither.
func (s *stage) tail() error {
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	to := s.terminals[0]
	one := word()
	cmd := program(nil, island.Msg, "--wait", "-v", to.Name, text(one))
	cmd.Stdout = w
	msg := s.start(cmd, one)
	w.Close()
	if err := to.Await("Answer: msg ok", patience); err != nil {
		return err
	}
	r.Close()
	refused := program(&to.Person, island.Msg, "ok").Run() // it may have been noticed before
	out := msg.wait()
	s.shown(to)
	want := 0
	if refused != nil {
		want = 3
	}
	if err = out.err; out.state.ExitCode() != want {
		err = errors.Join(err, fmt.Errorf("the answer: %w; %v, %q", refused, out.state, out.stderr))
	}
	return errors.Join(err, s.goesOn(nil))
}

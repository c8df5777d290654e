//go:build linux

package faults_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/message"
	"msg/test/island"
)

// broken is a /run that is not as it has to be.
type broken struct {
	fault string
	spoil func() error
	mend  func() error

	doorless bool // no msgd can be reached, and users are told
	closed   bool // the door is closed to users, and they are told
	paced    bool // messages are not counted, and go one at a time
	newOnly  bool // that holds for who has not sent any before
	nowhere  bool // there is no place to wait for answers
	notice   bool // none can be left for who logs in
	remedied bool // what msg doctor says to do mends it
}

const (
	runMsg     = "/run/msg"
	runRate    = runMsg + "/rate"
	runPending = runMsg + "/pending"
)

func brokenRuns(judge int) []broken {
	return []broken{
		{fault: "/run without a free byte", spoil: func() error { return fill(true, false) }, mend: emptied, notice: true},
		{fault: "/run without a free inode", spoil: func() error { return fill(false, true) }, mend: emptied, newOnly: true, nowhere: true, notice: true},
		{fault: "/run full", spoil: func() error { return fill(true, true) }, mend: emptied, newOnly: true, nowhere: true, notice: true},
		{fault: "/run read-only", spoil: readOnly, mend: func() error { return unix.Unmount("/run", unix.MNT_DETACH) }, paced: true, nowhere: true, notice: true},
		away(runMsg, broken{doorless: true, nowhere: true}),
		away(runRate, broken{paced: true}),
		away(runPending, broken{nowhere: true}),
		mode(runMsg, 0o700, 0o755, broken{closed: true}),
		mode(runRate, 0o777, 0o700, broken{paced: true}),
		mode(runRate, 0o750, 0o700, broken{paced: true}),
		mode(runPending, 0o1777, 0o1775, broken{nowhere: true}),
		mode(runPending, 0o775, 0o1775, broken{nowhere: true}),
		owned(runRate, judge, broken{paced: true}),
		owned(runPending, 0, broken{nowhere: true}),
		away(island.Door, broken{doorless: true}),
		mode(island.Door, 0o600, 0o666, broken{closed: true}),
		instead("a file", func() error { return os.WriteFile(island.Door, nil, 0o666) }),
		instead("a directory", func() error { return os.Mkdir(island.Door, 0o777) }),
		{
			fault: "a door that a dead msgd has left", doorless: true,
			spoil: service.Kill, mend: func() error { return service.Restart((*exec.Cmd).Start) },
		},
	}
}

// instead has something else be where the door was.
func instead(what string, place func() error) broken {
	b := away(island.Door, broken{doorless: true})
	remove, putBack := b.spoil, b.mend
	b.fault = what + " in the door's place"
	b.spoil = func() error { return errors.Join(remove(), place(), os.Chmod(island.Door, 0o777)) }
	b.mend = func() error { return errors.Join(os.Remove(island.Door), putBack()) }
	return b
}

// fill leaves no room for bytes, or for inodes, in /run.
func fill(bytes, inodes bool) error {
	var st unix.Statfs_t
	if err := unix.Statfs("/run", &st); err != nil {
		return err
	}
	var options []string
	if bytes {
		options = append(options, fmt.Sprint("size=", (st.Blocks-st.Bfree)*uint64(st.Bsize)))
	}
	if inodes {
		options = append(options, fmt.Sprint("nr_inodes=", st.Files-st.Ffree))
	}
	if err := remount(0, strings.Join(options, ",")); err != nil {
		return err
	}
	err := os.WriteFile("/run/one-more", []byte("x"), 0o600)
	if os.Remove("/run/one-more"); !errors.Is(err, unix.ENOSPC) {
		return fmt.Errorf("it is not full: %w", err)
	}
	return nil
}

// readOnly has all see /run by a mount of its own: msgd writes to the lock that it has open by
// the other.
func readOnly() error {
	return errors.Join(unix.Mount("/run", "/run", "", unix.MS_BIND, ""), remount(unix.MS_BIND|unix.MS_RDONLY, ""))
}

func emptied() error { return remount(0, "size=50%,nr_inodes=100k") }

func remount(flags uintptr, options string) error {
	return unix.Mount("", "/run", "", unix.MS_REMOUNT|flags, options)
}

func away(path string, b broken) broken {
	b.fault = path + " missing"
	b.spoil = func() error { return os.Rename(path, path+".away") }
	b.mend = func() error { return os.Rename(path+".away", path) }
	return b
}

func mode(path string, wrong, right uint32, b broken) broken {
	b.fault, b.remedied = fmt.Sprintf("%s of mode %o", path, wrong), true
	b.spoil = func() error { return unix.Chmod(path, wrong) }
	b.mend = func() error { return unix.Chmod(path, right) }
	return b
}

func owned(path string, owner int, b broken) broken {
	b.fault, b.remedied = path+" somebody else's", true
	b.spoil = func() error { return os.Chown(path, people[9].UID, -1) }
	b.mend = func() error { return os.Chown(path, owner, -1) }
	return b
}

// TestBrokenRun: whatever /run is like, root's messages go out. So do those of users as long as
// msgd can be reached, no faster than the limit. What cannot be done is said, and nothing is sent
// then. msg doctor finds each fault.
func TestBrokenRun(t *testing.T) {
	s := newStage(t, 3)
	const perMinute, interval = 600, time.Minute / 600
	s.rules(perMinute)
	old := &people[0] // has a count
	if err := s.goesOn(old); err != nil {
		t.Fatal(err)
	}
	if err := healthy(); err != nil {
		t.Fatal(err)
	}
	judge := ownerOf(t, runRate)
	for i, b := range brokenRuns(judge) {
		c := fault(t, b.fault)
		if err := b.spoil(); err != nil {
			t.Fatal(b.fault, err)
		}
		mended := sync.OnceFunc(func() {
			if err := b.mend(); err != nil {
				t.Error(b.fault, err)
			}
		})
		t.Cleanup(mended)
		c.tried(s.reaches(nil, 3, 0))
		c.tried(s.asks(nil, b.nowhere))
		if b.doorless || b.closed {
			for range 3 {
				c.tried(s.told(old, b))
				c.tried(s.told(old, b, waits...))
			}
		} else {
			c.tried(s.reaches(old, 3, b.least(b.paced, interval)))
			c.tried(s.reaches(&people[20+i], 3, b.least(b.paced || b.newOnly, interval)))
			c.tried(s.asks(old, b.nowhere))
		}
		if b.paced {
			c.tried(s.crowd(old, interval))
		}
		if b.notice {
			c.tried(s.countsDown())
		}
		if b.doorless || b.closed || b.paced || b.nowhere {
			c.tried(b.diagnosed())
		}
		mended()
		c.tried(healthy())
		c.tried(s.goesOn(old))
		c.tried(s.goesOn(nil))
	}
}

func ownerOf(t *testing.T, path string) int {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return int(st.Uid)
}

// told holds that a user whom no msgd serves is told so, and that nothing is sent.
func (s *stage) told(by *island.Person, b broken, options ...string) error {
	out := s.send(by, options...)
	if err := s.judge(out); err != nil {
		return err
	}
	words, status := "msgd, which may write there, does not run", 1
	said := out.stderr
	for _, r := range out.results {
		said += r.Detail + "\n"
	}
	switch {
	case b.closed:
		words, status = "this host lets you send no messages: /run/msg/door is closed to you", 2
	case len(options) > 0:
		words, status = "msgd, which waits for answers, does not run", 2
	}
	if out.state.ExitCode() != status || !strings.Contains(said, words) {
		return fmt.Errorf("%v, %+v, %q; want status %d and %q", out.state, out.results, out.stderr, status, words)
	}
	for _, t := range s.terminals {
		if screen := s.shown(t); screen != "" {
			return fmt.Errorf("%s shows %q", t.Name, screen)
		}
	}
	return nil
}

// least is the least time a message takes.
func (b broken) least(paced bool, interval time.Duration) time.Duration {
	if paced {
		return interval
	}
	return 0
}

// reaches sends messages one after the other, which all reach everyone, none faster than
// that.
func (s *stage) reaches(by *island.Person, messages int, interval time.Duration) error {
	for range messages {
		begun := time.Now()
		out := s.send(by)
		took := time.Since(begun)
		if err := s.judge(out); err != nil {
			return err
		}
		if out.state.ExitCode() != 0 || took < interval {
			return fmt.Errorf("after %v: %v, %+v, %q", took, out.state, out.results, out.stderr)
		}
	}
	return nil
}

// crowd sends several at once: in one interval there is no more than one of them.
func (s *stage) crowd(by *island.Person, interval time.Duration) error {
	begun := time.Now()
	var all []*started
	for range 5 {
		all = append(all, s.begin(by))
	}
	var err error
	reached := 0
	for _, r := range all {
		out := r.wait()
		if out.all(message.Delivered, len(s.terminals)) {
			reached++
		}
		var told []error
		for _, one := range out.results {
			if one.Event == message.Failed && one.Reason != message.RateLimited {
				told = append(told, fmt.Errorf("%+v", one))
			}
		}
		err = errors.Join(err, out.err, errors.Join(told...))
	}
	took := time.Since(begun)
	for _, t := range s.terminals {
		screen := s.shown(t)
		err = errors.Join(err, whole(screen))
		if n := strings.Count(screen, "essage from "); n != reached {
			err = errors.Join(err, fmt.Errorf("%d have reached everyone, and %s shows %q", reached, t.Name, screen))
		}
	}
	if reached == 0 || time.Duration(reached)*interval > took {
		err = errors.Join(err, fmt.Errorf("%d messages at once went out within %v", reached, took))
	}
	return err
}

// asks sends a message that waits for answers; where it cannot, nothing is sent and it is
// said why.
func (s *stage) asks(by *island.Person, nowhere bool) error {
	out := s.send(by, waits...)
	if err := s.judge(out); err != nil {
		return err
	}
	want := 3
	if nowhere {
		want = 2
	}
	said := strings.Contains(out.stderr, "nowhere to wait for answers") && strings.Contains(out.stderr, "hint: nothing was sent")
	if out.state.ExitCode() != want || said != nowhere {
		return fmt.Errorf("it cannot wait: %v; and %v, %+v, %q", nowhere, out.state, out.results, out.stderr)
	}
	return nil
}

// countsDown has a countdown that cannot leave its notice, says so and goes on.
func (s *stage) countsDown() error {
	out := s.to(nil, "*", "countdown", "--until", "+1s", "--at", "5m").wait()
	err := errors.Join(s.judge(out), left())
	if out.state.ExitCode() != 0 || !strings.Contains(out.stderr, "no notice for who logs in later: ") {
		err = errors.Join(err, fmt.Errorf("%v, %+v, %q", out.state, out.results, out.stderr))
	}
	return err
}

// diagnosed holds that msg doctor finds it, for root and for a user, and that it knows what to do.
func (b broken) diagnosed() error {
	var checks []string
	if b.doorless || b.closed {
		checks = []string{"door", "msgd"}
	}
	if b.paced || b.newOnly {
		checks = append(checks, "counts")
	}
	if b.newOnly { // the island has it in /run, too
		checks = append(checks, "state")
	}
	if b.nowhere && !b.doorless {
		checks = append(checks, "answers")
	}
	var do string
	for _, by := range []*island.Person{nil, &people[0]} {
		problems, err := ailments(by)
		if err != nil {
			return err
		}
		if len(problems) == 0 {
			return fmt.Errorf("msg doctor finds no problem (%s)", whose(by))
		}
		for _, p := range problems {
			if !slices.Contains(checks, p.Check) || p.Check != "state" && !strings.Contains(p.Found, runMsg) || p.Do == "" {
				return fmt.Errorf("msg doctor finds %+v (%s)", p, whose(by))
			}
		}
		do = problems[0].Do
	}
	if !b.remedied {
		return nil
	}
	if out, err := exec.Command("sh", "-c", do).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w: %s", do, err, out)
	}
	return healthy()
}

// healthy holds that msg doctor has nothing to say about msgd.
func healthy() error {
	for _, by := range []*island.Person{nil, &people[0]} {
		if problems, err := ailments(by); err != nil || len(problems) > 0 {
			return fmt.Errorf("msg doctor finds %+v (%s): %w", problems, whose(by), err)
		}
	}
	return nil
}

// finding is one of msg doctor's.
type finding struct{ Check, Status, Found, Do string }

// ailments returns the problems that msg doctor finds.
func ailments(by *island.Person) (problems []finding, err error) {
	out, err := program(by, island.Msg, "doctor", "--json").Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	var all []finding
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	for _, f := range all {
		if f.Status == "problem" {
			problems = append(problems, f)
		}
	}
	return problems, nil
}

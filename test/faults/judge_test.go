//go:build linux

package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"msg/test/island"
)

// sending is one run of msg.
type sending struct {
	by      *island.Person // who sends; nil is root
	targets string
	options []string
	text    string        // "" is one that was not sent before
	time    time.Duration // what a terminal may take; 0 is the usual
	longer  time.Duration // how much more than that it may come to
	start   func(*exec.Cmd) error
}

// running is msg at work.
type running struct {
	sending
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
	begun          time.Time
}

// result is a line of msg's.
type result struct {
	Event, User, Terminal, Target, Reason, Detail string
}

// about is the terminal, or the target where it names none.
func (r result) about() string {
	if r.Terminal != "" {
		return r.Terminal
	}
	return r.Target
}

// outcome is what became of one message.
type outcome struct {
	text    string
	status  int
	took    time.Duration
	results map[string]result // by the terminal, or the target where there is none
	stderr  string
	begun   time.Time
}

const (
	usual  = 5 * time.Second  // what a terminal may take
	margin = 15 * time.Second // for a machine that has other work
)

var texts atomic.Int64

// newText is one that was not sent before, and that no row of a terminal is too short for.
func newText() string { return fmt.Sprintf("This is message %06d.", texts.Add(1)) }

// begin starts msg.
func (s sending) begin() (*running, error) {
	if s.text == "" {
		s.text = newText()
	}
	options := append([]string{"send", "--json"}, s.options...)
	if s.time > 0 {
		options = append(options, "--time", s.time.String())
	}
	r := &running{sending: s, begun: time.Now()}
	r.cmd = program(s.by, island.Msg, append(options, s.targets)...)
	r.cmd.Stdin = strings.NewReader(s.text)
	r.cmd.Stdout, r.cmd.Stderr = &r.stdout, &r.stderr
	if s.start == nil {
		return r, r.cmd.Start()
	}
	return r, s.start(r.cmd)
}

// program runs as somebody; nil is root. It and what it starts are one process group.
func program(by *island.Person, name string, args ...string) *exec.Cmd {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if by != nil {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(by.UID), Gid: uint32(by.UID)}
	}
	cmd.WaitDelay = 10 * time.Second // for a process that stays behind with the output
	return cmd
}

// within waits for a program that was started. One that takes longer is made to show what it
// does, and ended.
func within(cmd *exec.Cmd, patience time.Duration) error {
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	var err error
	select {
	case err = <-done:
	case <-time.After(patience):
		_ = unix.Kill(-cmd.Process.Pid, unix.SIGQUIT)
		select {
		case <-done:
		case <-time.After(2 * time.Second):
			_ = unix.Kill(-cmd.Process.Pid, unix.SIGKILL)
			<-done
		}
		return fmt.Errorf("it hangs: not ended within %v", patience)
	}
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return err
	}
	return nil
}

// send runs msg to its end.
func (s sending) send() (outcome, error) {
	r, err := s.begin()
	if err != nil {
		return outcome{}, err
	}
	return r.wait()
}

// wait waits for the end, and judges what can be without a look at the terminals: it comes
// in time, each has one result, and the counts and the exit status are theirs.
func (r *running) wait() (outcome, error) {
	patience := r.time
	if patience == 0 {
		patience = usual
	}
	if err := within(r.cmd, patience+r.longer+margin); err != nil {
		return outcome{}, fmt.Errorf("%w; stdout %q, stderr %s", err, r.stdout.String(), r.stderr.String())
	}
	o := outcome{text: r.text, begun: r.begun, took: time.Since(r.begun), status: r.cmd.ProcessState.ExitCode(), stderr: r.stderr.String()}
	if err := o.read(r.stdout.String()); err != nil {
		return o, fmt.Errorf("%w; %v, stdout %q, stderr %q", err, r.cmd.ProcessState, r.stdout.String(), o.stderr)
	}
	return o, nil
}

// read takes in what msg has printed.
func (o *outcome) read(stdout string) error {
	o.results = map[string]result{}
	events := map[string]int{}
	var summary struct {
		Event                    string
		Delivered, Failed, Hosts int
	}
	for line := range strings.Lines(stdout) {
		var r result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return err
		}
		if summary.Event != "" {
			return errors.New("more behind the summary")
		}
		if r.Event == "summary" {
			if err := json.Unmarshal([]byte(line), &summary); err != nil {
				return err
			}
			continue
		}
		if _, twice := o.results[r.about()]; twice || r.about() == "" {
			return fmt.Errorf("not one result for %q", r.about())
		}
		o.results[r.about()] = r
		events[r.Event]++
	}
	status := 0
	if events["failed"] > 0 {
		status = 1
	}
	switch {
	case summary.Event == "":
		return errors.New("no summary")
	case summary.Delivered != events["delivered"] || summary.Failed != events["failed"] || summary.Hosts != 1:
		return fmt.Errorf("counts that are not those of the results: %+v", summary)
	case len(o.results) != summary.Delivered+summary.Failed:
		return errors.New("results of another kind")
	case o.status != status:
		return fmt.Errorf("exit status %d, want %d", o.status, status)
	}
	return nil
}

// only holds that there are results of these alone, and one of each.
func (o outcome) only(terminals ...*island.Terminal) error {
	for _, t := range terminals {
		if _, ok := o.results[t.Name]; !ok {
			return fmt.Errorf("no result of %s: %+v", t.Name, o.results)
		}
	}
	if len(o.results) != len(terminals) {
		return fmt.Errorf("%d results, want %d: %+v", len(o.results), len(terminals), o.results)
	}
	return nil
}

// patience is how long a test waits for what must come.
const patience = 20 * time.Second

// whole holds that a terminal has the message once and nothing else, and says so, and
// returns all that it shows, which others may be compared with.
func (o outcome) whole(t *island.Terminal) (string, error) {
	if r := o.results[t.Name]; r.Event != "delivered" {
		return "", fmt.Errorf("%s, where nothing is wrong: %+v", t.Name, r)
	}
	seen, at := t.Take()
	if err := t.Settle(patience); err != nil {
		return "", err
	}
	more, _ := t.Take()
	shown := plain(append(seen, more...))
	first, _, _ := strings.Cut(o.text, "\n")
	if strings.Count(shown, first) != 1 || strings.Count(shown, "essage from ") != 1 {
		return shown, fmt.Errorf("%s shows %q, want %q once", t.Name, shown, o.text)
	}
	if after := at.Sub(o.begun); len(seen) > 0 && after > prompt {
		return shown, fmt.Errorf("%s has it after %v", t.Name, after)
	}
	return shown, nil
}

// prompt is hundreds of times what it takes, and less than a held terminal is waited for where
// there are others beside it.
const prompt = 4 * time.Second

// beside is how long that is.
const beside = 6 * time.Second

// each holds that all these have the message, and returns what they show.
func (o outcome) each(terminals []*island.Terminal) (all string, err error) {
	for _, t := range terminals {
		shown, err := o.whole(t)
		if err != nil {
			return "", err
		}
		if all != "" && shown != all {
			return "", fmt.Errorf("%s shows %q, and another %q", t.Name, shown, all)
		}
		all = shown
	}
	return all, nil
}

// plain is what was written to a terminal that shows this: the kernel begins each row with
// one more CR.
func plain(seen []byte) string { return strings.ReplaceAll(string(seen), "\r\r\n", "\r\n") }

// isTrue holds that the result of a terminal is what came out at its other side, given all
// that another of the same width shows. One that went away may have more than was read.
func (o outcome) isTrue(t *island.Terminal, all string, wentAway bool) error {
	r, ok := o.results[t.Name]
	if !ok {
		return fmt.Errorf("no result of %s", t.Name)
	}
	if !wentAway {
		if err := t.Settle(patience); err != nil {
			return fmt.Errorf("%+v: %w", r, err)
		}
	}
	taken, _ := t.Take()
	seen := strings.TrimLeft(plain(taken), "x") // what filled it
	got, rest := follow(seen, all)
	said := 0
	switch _, words, partly := strings.Cut(r.Detail, ": "); {
	case r.Event == "delivered":
		said = len(all)
	case partly && strings.HasSuffix(r.Detail, " bytes were written"):
		words = words[strings.LastIndex(words, ": ")+1:]
		var of int
		if _, err := fmt.Sscanf(strings.TrimSpace(words), "%d of %d bytes", &said, &of); err != nil || of != len(all) || said == 0 || said >= of {
			return fmt.Errorf("%+v, of %d bytes", r, len(all))
		}
	}
	if rest != "" || got > said || got < said && !wentAway {
		return fmt.Errorf("%+v, and it shows %d of %d bytes: %q", r, got, len(all), seen)
	}
	return nil
}

// follow tells how much of a message a terminal shows, and what it shows that is none of it.
// Where it was cut, it goes on in a row of its own, behind a bar within a row.
func follow(seen, all string) (got int, rest string) {
	for seen != "" {
		if got < len(all) && seen[0] == all[got] {
			seen, got = seen[1:], got+1
			continue
		}
		row, n := "\r\n| ", 0
		if got > 0 && all[got-1] == '\n' {
			row = "\r\n"
		}
		for got > 0 && n < min(len(row), len(seen)) && seen[n] == row[n] {
			n++
		}
		if n == 0 || got == len(all) {
			break
		}
		seen = seen[n:]
	}
	return got, seen
}

// names is a list of targets.
func names(terminals ...*island.Terminal) string {
	var all []string
	for _, t := range terminals {
		all = append(all, t.Name)
	}
	return strings.Join(all, ",")
}

// limited starts a program with such a limit (ulimit).
func limited(limit string) func(*exec.Cmd) error {
	return func(cmd *exec.Cmd) error {
		cmd.Args = append([]string{"sh", "-c", "ulimit " + limit + ` && exec "$0" "$@"`, cmd.Path}, cmd.Args[1:]...)
		cmd.Path = "/bin/sh"
		return cmd.Start()
	}
}

func readAll(f *os.File) (string, error) {
	defer f.Close()
	all, err := io.ReadAll(f)
	return string(all), err
}

//go:build linux

package faults_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/report"
	"msg/test/island"
)

// stage is the people that messages go to, and the log.
type stage struct {
	*testing.T
	terminals []*island.Terminal
	log       *logged
}

// newStage has that many terminals, each of another person, p1 and so on, and rules that
// hold nobody back. p0 has none, and sends.
func newStage(t *testing.T, terminals int) *stage {
	t.Helper()
	s := &stage{T: t, log: openLog(t)}
	s.rules(100000)
	s.terminals = opened(t, island.Open, 1, terminals)
	for _, one := range s.terminals {
		if err := one.Lead(); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// rules are the system's until the end of the test: so many messages a minute, and their
// texts are logged.
func (s *stage) rules(perMinute int) {
	s.Helper()
	const file = "/etc/msg/msg.toml"
	const form = "[policy]\nbroadcast = [\"*\"]\n[rate]\nper_minute = %d\nburst = 0\n[journal]\ntext = true\n"
	if err := os.WriteFile(file, fmt.Appendf(nil, form, perMinute), 0o644); err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() { _ = os.WriteFile(file, []byte(settings), 0o644) })
}

func (s *stage) all() string { return names(s.terminals...) }

var words atomic.Int64

// word is one that no message had before.
func word() string { return fmt.Sprintf("w%dw", words.Add(1)) }

// text is a message with the word at both ends.
func text(word string) string { return word + " is a message that ends: " + word }

// sent is a message and what msg said of it.
type sent struct {
	word    string
	results []message.Result
	whole   bool // the summary has come
	stderr  string
	state   *os.ProcessState
	err     error // it did not end
	most    int   // times that it may have been sent
}

// all reports whether there are that many results of a kind.
func (o sent) all(event message.Event, n int) bool {
	for _, r := range o.results {
		if r.Event == event {
			n--
		}
	}
	return n == 0
}

// started is msg at work.
type started struct {
	word           string
	cmd            *exec.Cmd
	stdout, stderr bytes.Buffer
}

// start begins a message: its text is made of the word.
func (s *stage) start(cmd *exec.Cmd, word string) *started {
	s.Helper()
	r := &started{word: word, cmd: cmd}
	if cmd.Stdout == nil {
		cmd.Stdout = &r.stdout
	}
	if cmd.Stderr == nil {
		cmd.Stderr = &r.stderr
	}
	if err := cmd.Start(); err != nil {
		s.Fatal(err)
	}
	return r
}

// wait waits for its end.
func (r *started) wait() sent {
	out := sent{word: r.word, err: within(r.cmd, patience), most: 1}
	if slices.Contains(r.cmd.Args, "countdown") {
		out.most = 2 // it is cancelled
	}
	out.state, out.stderr = r.cmd.ProcessState, r.stderr.String()
	for line := range strings.Lines(r.stdout.String()) {
		var result report.Object
		if err := json.Unmarshal([]byte(line), &result); err != nil {
			continue // cut off by a signal: it says nothing
		}
		out.whole = out.whole || result.Event == "summary"
		out.results = append(out.results, result.Result())
	}
	return out
}

// send is a message from beginning to end.
func (s *stage) send(by *island.Person, options ...string) sent {
	s.Helper()
	return s.begin(by, options...).wait()
}

// begin begins a message to all terminals.
func (s *stage) begin(by *island.Person, options ...string) *started {
	s.Helper()
	return s.to(by, "", options...)
}

// to begins one to all terminals, and more targets.
func (s *stage) to(by *island.Person, more string, options ...string) *started {
	s.Helper()
	w, targets := word(), s.all()
	if more != "" {
		targets += "," + more
	}
	return s.start(program(by, island.Msg, append(slices.Clone(options), "--json", targets, text(w))...), w)
}

// shown is what a terminal has shown since this was asked last. All that was written before
// is in it.
func (s *stage) shown(t *island.Terminal) string {
	s.Helper()
	if err := t.Settle(patience); err != nil {
		s.Fatal(err)
	}
	seen, _ := t.Take()
	return string(seen)
}

// judge tells what is not true of a message that has ended, by what the terminals show.
func (s *stage) judge(out sent) error {
	s.Helper()
	wrong := []error{out.err}
	say := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	nothing, failed := false, false // nothing at all was sent; the conversation has failed as a whole
	said := map[string][]message.Result{}
	for _, r := range out.results {
		switch {
		case r.Event != message.Delivered && r.Event != message.Failed:
		case r.Terminal != "":
			said[r.Terminal] = append(said[r.Terminal], r)
		default:
			failed = true
			nothing = strings.Contains(r.Detail, "nothing was") || strings.Contains(r.Detail, "it does not start")
		}
	}
	refused := out.state.ExitCode() == 2 || out.state.ExitCode() == 130 && len(out.results) == 0
	s.log.sync(s.T)
	for _, t := range s.terminals {
		screen := s.shown(t)
		times := strings.Count(screen, out.word)
		if err := whole(screen); err != nil {
			say("%s: %v", t.Name, err)
		}
		has, failure := 0, message.Result{}
		for _, r := range said[t.Name] {
			if r.Event == message.Delivered {
				has++
			} else {
				failure = r
			}
		}
		switch {
		case len(said[t.Name]) > out.most:
			say("%s has the results %+v", t.Name, said[t.Name])
		case len(said[t.Name]) == 0 && out.whole && !failed && !refused:
			say("%s has no result", t.Name)
		case times > 2*out.most:
			say("%s has it more than once: %q", t.Name, screen)
		case times > 2*has && (nothing || refused):
			say("it says that nothing was sent, and %s shows %q", t.Name, screen)
		case times < 2*has:
			say("delivered to %s, which shows %q", t.Name, screen)
		case failure.Event != "" && (times > 2*has+1 || times > 2*has && strings.Contains(failure.Detail, "nothing was")):
			say("%s shows %q, and has the result %+v", t.Name, screen, failure)
		}
		if times > 0 && !s.log.has(out.word, t.Name) {
			say("%s shows what is not in the log: %q", t.Name, screen)
		}
	}
	if out.state.ExitCode() == 0 && slices.ContainsFunc(out.results, func(r message.Result) bool { return r.Event == message.Failed }) {
		say("the exit status is 0, and not everyone has it")
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("%w\nmsg ended with %v, said %+v, %q", err, out.state, out.results, out.stderr)
	}
	return nil
}

// goesOn holds that the next message of that user goes out, and that nothing is left of
// what was before.
func (s *stage) goesOn(by *island.Person) error {
	s.Helper()
	out := s.send(by)
	err := s.judge(out)
	if out.state.ExitCode() != 0 {
		err = errors.Join(err, fmt.Errorf("the next message: %v, %+v, %q", out.state, out.results, out.stderr))
	}
	return errors.Join(err, left())
}

// left waits until no process of msg's is left, and tells what else is.
func left() error {
	err := gone()
	for _, dir := range []string{"/run/msg/pending", "/run/motd.d"} {
		entries, readErr := os.ReadDir(dir)
		if readErr != nil && !errors.Is(readErr, os.ErrNotExist) {
			err = errors.Join(err, readErr)
		}
		for _, e := range entries {
			if e.Name()[0] != '.' { // what has no name yet is left alone for 10 s
				err = errors.Join(err, fmt.Errorf("left behind: %s", filepath.Join(dir, e.Name())))
			}
		}
	}
	if _, statErr := os.Lstat(island.Door + ".new"); statErr == nil {
		err = errors.Join(err, fmt.Errorf("left behind: %s.new", island.Door))
	}
	return err
}

// gone waits until there is no process of msg's, zombies included.
func gone() error {
	for until := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		alive := processes()
		if len(alive) == 0 {
			return nil
		}
		if time.Now().After(until) {
			return fmt.Errorf("left behind: %q", alive)
		}
	}
}

// processes are msg's, those of conversations with msgd, and those that see to msg's notices.
// msgd's listener is none of them.
func processes() (alive []string) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return []string{err.Error()}
	}
	for _, e := range entries {
		if _, err := strconv.Atoi(e.Name()); err != nil {
			continue
		}
		stat, err := os.ReadFile("/proc/" + e.Name() + "/stat")
		if err != nil {
			continue
		}
		name := string(stat[bytes.IndexByte(stat, '(')+1 : bytes.LastIndexByte(stat, ')')])
		line, _ := os.ReadFile("/proc/" + e.Name() + "/cmdline")
		// A judge, a monitor and a child of root's msg are called exe until they have named themselves.
		if slices.Contains([]string{"msg", "msg-delivery", "msgd-judge", "msgd-monitor", "exe"}, name) || bytes.Contains(line, []byte("\x00msg-notice\x00")) {
			alive = append(alive, string(stat))
		}
	}
	return alive
}

// The two processes of a conversation with msgd.
const (
	judgeRole   = "judge"
	monitorRole = "monitor"
)

// process waits for the judge or the monitor of a message, and returns its pid; 0 if msg ends
// before. It is the only one of its role, but for those that are known.
func (r *started) process(role string, known ...int) int {
	for {
		for _, pid := range childrenOf(service.PID) {
			if roleOf(pid) == role && !slices.Contains(known, pid) {
				return pid
			}
		}
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", r.cmd.Process.Pid))
		if err != nil || bytes.Contains(stat, []byte(") Z ")) {
			return 0
		}
	}
}

func childrenOf(pid int) (all []int) {
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil
	}
	for _, file := range threads {
		data, _ := os.ReadFile(file) // the thread may have ended
		for _, word := range strings.Fields(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				all = append(all, child)
			}
		}
	}
	return all
}

// roleOf returns the role of a process of msgd's; "" of a listener, and of what is no msgd.
func roleOf(pid int) string {
	line, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	words := strings.Split(string(line), "\x00")
	if len(words) < 2 || words[0] != "msgd" || words[1] != judgeRole && words[1] != monitorRole {
		return ""
	}
	return words[1]
}

// The rows that a message is made of.
var (
	bannerRow = regexp.MustCompile(`^(Broadcast message|Message) from \S+@\S+( \(\S+\))?( on pts/\d+)? at \d\d:\d\d:$`)
	bodyRow   = regexp.MustCompile(`^\| w\d+w( is a message that ends: w\d+w)?( +\(\S+\))?$`)
	addedRow  = regexp.MustCompile(`^\| (in .*, at .*|cancelled; it was to be .*|now)$|^EOF +\(\S+\)$|^Answer: msg ok \w+   or   msg reply \w+ TEXT$`)
)

// whole reports a row that is none of a message's.
func whole(screen string) error {
	for row := range strings.SplitSeq(strings.ReplaceAll(screen, "\a", ""), "\n") {
		row = strings.TrimRight(row, " \r")
		if row == "" || bannerRow.MatchString(row) || addedRow.MatchString(row) {
			continue
		}
		if !bodyRow.MatchString(row) {
			return fmt.Errorf("it shows the row %q in %q", row, screen)
		}
	}
	return nil
}

// logged is what the log has taken.
type logged struct {
	conn *net.UnixConn
	mu   sync.Mutex
	all  []string
	come *sync.Cond
}

const journald = "/run/systemd/journal/socket"

// openLog takes the place of journald.
func openLog(t *testing.T) *logged {
	t.Helper()
	_ = os.Remove(journald)
	err := os.MkdirAll(filepath.Dir(journald), 0o755)
	if err != nil {
		t.Fatal(err)
	}
	l := &logged{}
	l.come = sync.NewCond(&l.mu)
	if l.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: journald, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(journald, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.conn.Close() })
	go l.read()
	return l
}

func (l *logged) read() {
	buf := make([]byte, 1<<20)
	for {
		n, err := l.conn.Read(buf)
		if err != nil {
			return
		}
		l.mu.Lock()
		l.all = append(l.all, string(buf[:n]))
		l.come.Broadcast()
		l.mu.Unlock()
	}
}

// sync waits until all is there that was logged before.
func (l *logged) sync(t *testing.T) {
	t.Helper()
	mark := word()
	conn, err := net.Dial("unixgram", journald)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte(mark)); err != nil {
		t.Fatal(err)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for !slices.Contains(l.all, mark) {
		l.come.Wait()
	}
	l.all = slices.DeleteFunc(l.all, func(e string) bool { return e == mark })
}

// has reports whether an entry says that the message with that word went to the terminal.
func (l *logged) has(word, terminal string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.ContainsFunc(l.all, func(e string) bool {
		return strings.Contains(e, word) && strings.Contains(e, " "+terminal+" sent")
	})
}

//go:build linux

package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"msg/test/lab"
)

// place is a terminal of a host.
type place struct{ host, terminal string }

func (p place) String() string { return p.host + "'s " + p.terminal }

// message is one that was sent, and what became of it.
type message struct {
	from         *lab.Host
	kind, sender string
	token        string
	times        int      // that it is sent
	hosts        []string // that it goes to
	users        []string // whom it is for; nil for everyone
	except       string
	terminal     string // it is for that alone
	patience     time.Duration
	refused      bool // this sender may not

	begun, ended time.Time
	code         int
	delivered    []place
	failed       map[string]int // by reason
	answered     int
	points       int // of a countdown, that it has come to
}

func (m *message) String() string {
	return fmt.Sprintf("%s, %s of %s's on %s to %v %v%s, %s-%s, which ended with %d", m.token, m.kind, m.sender, m.from.Name,
		m.hosts, m.users, m.terminal, m.begun.Format("05.000"), m.ended.Format("05.000"), m.code)
}

// isFor reports whether somebody is meant.
func (m *message) isFor(v *visit) bool {
	return slices.Contains(m.hosts, v.host.Name) && v.user != m.except && (m.users == nil || slices.Contains(m.users, v.user)) &&
		(m.terminal == "" || v.has(m.terminal))
}

func (s *soak) message(h *lab.Host, kind, sender string) *message {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := &message{
		from: h, kind: kind, sender: sender, token: fmt.Sprintf("T%06dx", len(s.messages)), times: 1,
		hosts: []string{h.Name}, patience: 10 * time.Second, failed: map[string]int{},
	}
	s.messages = append(s.messages, m)
	return m
}

// sendOn sends one message after the other from a host.
func (s *soak) sendOn(h *lab.Host, hosts []*lab.Host) {
	for !s.over() {
		s.sendAny(h, pick(hosts).Name)
		time.Sleep(between(0, 0.5))
	}
}

func (s *soak) sendAny(h *lab.Host, other string) {
	user, to := pick([]string{"alice", "bob", "carol", "dave"}), pick([]string{"alice", "bob", "carol", "dave"})
	kind := pick([]string{
		"root to a user", "root to everyone", "root to everyone but one", "root to a group", "root to a terminal",
		"user to a user", "user to a user", "user to two", "dave to everyone", "user to everyone", "wait", "other host", "all hosts", "countdown", "words",
	})
	sender := "root"
	switch kind {
	case "user to a user", "user to two", "user to everyone", "wait", "other host", "words":
		sender = user
	case "dave to everyone":
		sender = "dave"
	}
	m := s.message(h, kind, sender)
	switch kind {
	case "root to everyone", "dave to everyone":
		s.send(m, "--json", "*", m.token)
	case "user to everyone":
		m.refused = user != "dave"
		s.send(m, "--json", "*", m.token)
	case "root to everyone but one":
		m.except = to
		s.send(m, "--json", "-x", to, "*", m.token)
	case "root to a group":
		m.users = []string{"bob", "carol"}
		s.send(m, "--json", "%ops", m.token)
	case "root to a terminal":
		m.terminal = s.terminalOn(h)
		s.send(m, "--json", m.terminal, m.token)
	case "user to two":
		m.users = []string{"alice", to}
		s.send(m, "--json", "alice,"+to, m.token)
	case "wait":
		m.users, m.patience = []string{to}, 20*time.Second
		s.send(m, "--json", "--wait", "-t", "6", to, m.token)
	case "other host":
		m.users, m.hosts = []string{to}, []string{other}
		s.send(m, "--json", to+"@"+other, m.token)
	case "all hosts":
		m.hosts = []string{"d12", "d13"}
		s.send(m, "--json", "-s", "d12,d13", "*", m.token)
	case "countdown": // to everyone it would leave a notice, which those see who log in
		m.users, m.times = []string{to}, 3
		s.send(m, "countdown", "--json", "--until", "+4s", "--at", "2s,0", to, m.token)
	case "words":
		m.users = []string{to}
		s.send(m, "-v", to, m.token)
	default:
		m.users = []string{to}
		s.send(m, "--json", to, m.token)
	}
}

// terminalOn is one that somebody is at.
func (s *soak) terminalOn(h *lab.Host) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range 100 {
		if v := pick(s.visits); v.host == h && v.leaves.IsZero() && v.kind != "stays" {
			return v.terminals[0]
		}
	}
	return "pts/999"
}

// loginGroup is the group that somebody is in by the passwd entry.
var loginGroup = map[string]string{"alice": "alice", "bob": "bob", "carol": "ops", "dave": "dave"}

// send runs msg, and holds that it ends in time, with what is documented.
func (s *soak) send(m *message, args ...string) {
	limit := m.patience + 40*time.Second
	if strings.HasPrefix(m.kind, "stays") {
		limit += s.length
	}
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	args = append([]string{"msg"}, args...)
	cmd := m.from.Command(ctx, args...)
	switch {
	case m.kind == "other host", m.sender != "root" && pick([]bool{true, false, false, false}):
		cmd = m.from.SSHCommand(ctx, m.sender, args...)
	case m.sender != "root":
		as := []string{"setpriv", "--reuid=" + m.sender, "--regid=" + loginGroup[m.sender], "--init-groups"}
		cmd = m.from.Command(ctx, append(as, args...)...)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	m.begun = time.Now()
	err := cmd.Run()
	m.ended, m.code = time.Now(), cmd.ProcessState.ExitCode()
	if ctx.Err() != nil || m.code < 0 || m.code > 3 || m.code == 2 {
		s.t.Errorf("%v: %v: %s%s", m, err, &stdout, &stderr)
	}
	if m.kind == "words" {
		s.words(m, stdout.String(), stderr.String())
		return
	}
	for line := range strings.Lines(stdout.String()) {
		var e outcome
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			s.t.Errorf("%v: %v: %q", m, err, line)
			continue
		}
		s.result(m, e)
	}
	if m.times > 1 && (m.points == 0 || m.points > m.times) { // points that passed at once are one
		s.t.Errorf("%v: has come to %d points of %d", m, m.points, m.times)
	}
	if stdout.Len() == 0 {
		s.t.Errorf("%v: nothing is said of it: %s", m, &stderr)
	}
}

// documented are the reasons that msg(1) has, and that there can be here.
var documented = []string{
	"messages-off", "stuck", "gone", "busy", "denied", "not-a-terminal", "owner-changed", "not-logged-in", "no-terminal", "unknown",
}

func (s *soak) result(m *message, e outcome) {
	switch e.Event {
	case "delivered":
		m.delivered = append(m.delivered, place{e.Host, e.Terminal})
	case "failed":
		m.failed[e.Reason]++
		if !slices.Contains(documented, e.Reason) {
			s.t.Errorf("%v: %+v", m, e)
		}
	case "answered":
		m.answered++
	case "unanswered", "reached", "waiting":
	case "point":
		m.points++
	case "summary":
		if m.times == 1 && (e.Delivered != len(m.delivered) || e.Answered != m.answered) {
			s.t.Errorf("%v: counts %+v", m, e)
		}
	default:
		s.t.Errorf("%v: %+v", m, e)
	}
	if m.refused && e.Event == "delivered" {
		s.t.Errorf("%v: %+v", m, e)
	}
}

var (
	sentLine   = regexp.MustCompile(`^sent to [a-z]+ on (pts/\d+)( \(detached\))?$`)
	failedLine = regexp.MustCompile(`^msg: [a-z]+( on pts/\d+)?: (messages are off|not logged in|logged in, but on no terminal|the terminal (is stuck|is gone|has another owner).*)$`)
)

// words reads what msg -v says.
func (s *soak) words(m *message, stdout, stderr string) {
	for line := range strings.Lines(stdout) {
		found := sentLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if found == nil {
			s.t.Errorf("%v: %q", m, line)
			continue
		}
		m.delivered = append(m.delivered, place{m.from.Name, found[1]})
	}
	for line := range strings.Lines(stderr) {
		m.failed["in words"]++
		if strings.HasPrefix(line, "msg: ") && !failedLine.MatchString(strings.TrimSuffix(line, "\n")) {
			s.t.Errorf("%v: %q", m, line)
		}
	}
}

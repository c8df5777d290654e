//go:build linux

package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"msg/test/lab"
)

// visit is one login of somebody.
type visit struct {
	host       *lab.Host
	user, kind string
	terminals  []string // the login's, and a pane's on it

	came, settled, leaves, gone time.Time // began to log in; is as the kind says; begins to leave; has left
	held, released              time.Time
	seen                        string // all of it
}

func (v *visit) String() string {
	at := func(t time.Time) string { return t.Format("05.000") }
	return fmt.Sprintf("%s on %s's %v (%s, %s-%s-%s-%s, held %s-%s)", v.user, v.host.Name, v.terminals, v.kind,
		at(v.came), at(v.settled), at(v.leaves), at(v.gone), at(v.held), at(v.released))
}

func (v *visit) has(terminal string) bool { return slices.Contains(v.terminals, terminal) }

// here reports whether it was there, and took what came, for all of a message.
func (v *visit) here(m *message) bool {
	wasHeld := !v.held.IsZero() && m.ended.After(v.held) && m.begun.Before(v.released.Add(time.Second))
	return !v.settled.IsZero() && v.settled.Before(m.begun) && m.ended.Before(v.leaves) && !wasHeld
}

// mustSee reports whether a message is for whoever was there.
func (v *visit) mustSee(m *message) bool {
	off := v.kind == "off" && m.sender != "root"
	return v.here(m) && m.code != 2 && m.isFor(v) && !off && !m.refused
}

// mayNotSee tells why it may not have a message so often, or "".
func (v *visit) mayNotSee(m *message, times int) string {
	switch {
	case m == nil:
		return "nobody has sent that"
	case !m.isFor(v):
		return "it is for others"
	case v.kind == "off" && m.sender != "root" && m.begun.After(v.settled):
		return "messages are off"
	case m.ended.Before(v.came) || m.begun.After(v.gone):
		return "that was at another time"
	case times > m.times && v.kind != "tmux": // which draws anew what was there
		return "that is too often"
	}
	return ""
}

// comeAndGo has a user log in again and again.
func (s *soak) comeAndGo(h *lab.Host, user string) {
	for !s.over() {
		v := &visit{host: h, user: user, came: time.Now(), kind: pick([]string{"plain", "plain", "plain", "off", "held", "resized", "full-screen", "tmux"})}
		// No prompt is waited for: behind it there may be a message already.
		l := h.LoginWith(s.t, lab.LoginOptions{User: user, Command: "exec bash -l"})
		v.terminals = []string{l.Terminal}
		s.settle(v, l)
		l.Sync(s.t)
		v.settled = time.Now()
		s.mu.Lock()
		s.visits = append(s.visits, v)
		s.mu.Unlock()
		s.sit(v, l, v.settled.Add(between(1, 8)))
		s.mu.Lock()
		v.leaves = time.Now()
		s.mu.Unlock()
		s.leave(v, l)
		v.seen, v.gone = l.Everything(), time.Now()
		time.Sleep(between(0, 0.5))
	}
}

var paneName = regexp.MustCompile(`pane</dev/(pts/\d+)>`)

// settle brings somebody who has logged in to what the kind of visit says.
func (s *soak) settle(v *visit, l *lab.Login) {
	switch v.kind {
	case "off":
		l.Type(s.t, "msg mesg n; echo o''ff\r")
		l.Expect(s.t, "off\r\n")
	case "full-screen":
		l.Type(s.t, "vi -u NONE -n /etc/passwd\r")
		l.Expect(s.t, `"/etc/passwd"`)
		l.Type(s.t, ":set number?\r")
		l.Expect(s.t, "nonumber")
	case "tmux":
		// A server of its own, whose end is that of the visit.
		l.Type(s.t, fmt.Sprintf("tmux -L v%d new\r", v.came.UnixNano()))
		var typed time.Time
		for ; ; time.Sleep(50 * time.Millisecond) {
			if found := paneName.FindStringSubmatch(l.Seen()); found != nil {
				v.terminals = append(v.terminals, found[1])
				break
			}
			if time.Since(v.came) > time.Minute {
				s.t.Errorf("%v: no pane but %q", v, l.Seen())
				break
			}
			if time.Since(typed) > 5*time.Second { // tmux may drop what is typed while it starts
				l.Type(s.t, "printf 'pane<%s>\\n' $(tty)\r")
				typed = time.Now()
			}
		}
		time.Sleep(time.Second) // all that is shown has been drawn
	}
}

var question = regexp.MustCompile(`\r\nAnswer: msg ok ([a-z0-9]{3}) `)

// sit has somebody be there, and answer some of what is asked.
func (s *soak) sit(v *visit, l *lab.Login, until time.Time) {
	asked := 0
	for ; time.Now().Before(until); time.Sleep(100 * time.Millisecond) {
		switch v.kind {
		case "resized":
			l.Resize(s.t, uint16(between(10, 50).Seconds()), uint16(between(40, 150).Seconds()))
		case "held":
			if v.held.IsZero() {
				s.hold(v, l)
			}
		case "plain":
			all := question.FindAllStringSubmatch(l.Seen(), -1)
			for _, code := range all[asked:] {
				command := pick([]string{"msg ok " + code[1], "msg reply " + code[1] + " Later.", ""})
				if command != "" {
					l.Type(s.t, command+" >/dev/null 2>&1\r")
				}
			}
			asked = len(all)
		}
	}
}

func (s *soak) hold(v *visit, l *lab.Login) {
	time.Sleep(between(0.2, 1))
	v.held = time.Now()
	l.Hold(s.t)
	time.Sleep(between(0.5, 7))
	l.Release(s.t)
	v.released = time.Now()
}

// leave has somebody log out, or lose the connection. What has come until they began to is
// on their screen then.
func (s *soak) leave(v *visit, l *lab.Login) {
	l.Sync(s.t)
	switch {
	case v.kind == "tmux":
		time.Sleep(300 * time.Millisecond) // it draws when it likes
		l.Type(s.t, "exit\r")
		v.host.Run(s.t, "sh", "-c", "while [ -e /dev/"+v.terminals[len(v.terminals)-1]+" ]; do sleep 0.05; done")
	case v.kind == "full-screen":
		l.Type(s.t, ":q\r")
	case pick([]bool{true, false}):
		l.Type(s.t, "exit\r")
		time.Sleep(100 * time.Millisecond)
	}
	l.Close(s.t)
}

// stay has root be on a host for all of the time, to whom two commands speak that last as
// long: a message of alice's that nobody answers, and a countdown. It returns what is to be
// done at the end.
func (s *soak) stay(h *lab.Host, stays *sync.WaitGroup) (leave func()) {
	v := &visit{host: h, user: "root", kind: "stays", came: time.Now()}
	l := h.Login(s.t, "root")
	l.Type(s.t, "msg mesg y; echo o''n\r") // Debian 12 has mesg n in root's .profile
	l.Expect(s.t, "on\r\n")
	v.terminals, v.settled = []string{l.Terminal}, time.Now()
	s.visits = append(s.visits, v)
	var points []string
	for at := s.length - 5*time.Second; at > 0; at -= 5 * time.Second {
		points = append(points, at.String())
	}
	waits := s.message(h, "stays: wait", "alice")
	counts := s.message(h, "stays: countdown", "root")
	waits.users, counts.users, counts.times = []string{"root"}, []string{"root"}, len(points)+1
	end := s.length + 10*time.Second
	stays.Go(func() { s.send(waits, "--json", "--wait", "-t", end.String(), "root", waits.token) })
	stays.Go(func() {
		s.send(counts, "countdown", "--json", "--until", "+"+s.length.String(), "--at", strings.Join(points, ","), "root", counts.token)
	})
	return func() {
		v.leaves = time.Now()
		l.Sync(s.t)
		v.seen, v.gone = l.Everything(), time.Now()
	}
}

//go:build linux

package lab

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// timeout bounds every wait: long enough for a busy machine, since only a test
// that fails waits so long.
const timeout = 30 * time.Second

// A Login is a person at a terminal: an ssh client under a pty, logged in.
type Login struct {
	Host     *Host
	User     string
	Terminal string // on the host, as "pts/3"
	Session  string // logind's id of it; empty on a host without logind
	Greeting string // what came up to the first prompt

	process *exec.Cmd
	screen  screen
	pty     *os.File // what the person looks at and types on
	device  *os.File // the host's terminal itself, opened with O_PATH
	close   sync.Once
}

// LoginOptions say how somebody logs in; only User must be given.
type LoginOptions struct {
	User       string
	Rows, Cols uint16   // of the terminal; 24 and 80
	Command    string   // for a shell on the host instead of a login shell
	SSH        []string // more arguments for ssh, such as -A
}

// Login logs user in and returns when the shell has shown its prompt. The
// person leaves at the end of the test.
func (h *Host) Login(t testing.TB, user string) *Login {
	t.Helper()
	return h.LoginWith(t, LoginOptions{User: user})
}

// LoginWith is Login with more said about it. With a command it returns when
// that is about to start.
func (h *Host) LoginWith(t testing.TB, o LoginOptions) *Login {
	t.Helper()
	h.mustRun(t)
	l := &Login{Host: h, User: o.User}
	if err := l.connect(o); err != nil {
		t.Fatalf("logging in as %s on %s: %v", o.User, h.Name, err)
	}
	t.Cleanup(func() { l.Close(t) })
	if o.Command == "" {
		l.Greeting = l.await(t, "a prompt", prompted)
		l.Type(t, identify+"\r")
	}
	found := identity.FindStringSubmatch(l.await(t, "the terminal's name", func(seen string) bool {
		return identity.MatchString(seen) && (o.Command != "" || prompted(seen))
	}))
	l.Terminal, l.Session = strings.TrimPrefix(found[1], "/dev/"), found[2]
	if err := l.hold(); err != nil {
		t.Fatalf("taking hold of %s's terminal on %s: %v", o.User, h.Name, err)
	}
	if o.Command == "" {
		l.Mark()
	}
	return l
}

// prompted reports whether the shell waits for a command.
func prompted(seen string) bool {
	return strings.HasSuffix(seen, "$ ") || strings.HasSuffix(seen, "# ")
}

// identify is a command that shows the terminal's and the session's name, and
// whose echo does not look like its output.
const identify = `printf 'lab<%s %s>\n' $(tty) $XDG_SESSION_ID`

var identity = regexp.MustCompile(`lab<(/dev/\S+) (\S*)>\r\n`)

func (l *Login) connect(o LoginOptions) error {
	args := append([]string{"-tt"}, o.SSH...)
	args = append(args, o.User+"@"+l.Host.Name)
	if o.Command != "" {
		args = append(args, "--", identify+"; "+o.Command)
	}
	// Not t's context: that ends before the person leaves.
	l.process = l.Host.ssh(context.Background(), args...)
	size := &pty.Winsize{Rows: 24, Cols: 80}
	if o.Rows != 0 && o.Cols != 0 {
		size = &pty.Winsize{Rows: o.Rows, Cols: o.Cols}
	}
	var err error
	if l.pty, err = pty.StartWithSize(l.process, size); err != nil {
		return err
	}
	l.screen.follow(l.pty)
	return nil
}

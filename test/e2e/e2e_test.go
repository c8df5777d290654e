//go:build linux

// Package e2e_test runs msg on real hosts, and looks at what the people there
// see.
package e2e_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"msg/test/lab"
)

func TestMain(m *testing.M) { lab.Main(m) }

// onEach runs a test on every host, with msg installed.
func onEach(t *testing.T, test func(t *testing.T, h *lab.Host)) {
	for _, h := range lab.Hosts() {
		t.Run(h.Name, func(t *testing.T) {
			install(t, h)
			test(t, h)
		})
	}
}

// atOnce runs a test that mostly waits on these hosts at the same time, with msg installed.
func atOnce(t *testing.T, hosts []*lab.Host, test func(t *testing.T, h *lab.Host)) {
	for _, h := range hosts {
		install(t, h)
	}
	for _, h := range hosts {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// packed is what "make install" makes, as a tar archive.
var packed = sync.OnceValues(func() (string, error) { return made("install") })

// made is what a target of make's puts below /, as a tar archive.
func made(target string) (string, error) {
	dir, err := os.MkdirTemp("", "msg-e2e-")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("make", "-C", "../..", target, "DESTDIR="+dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("make %s: %w: %s", target, err, out)
	}
	archive, err := exec.Command("tar", "-C", dir, "-c", "usr").Output()
	return string(archive), err
}

// program builds a program of the tests' that runs on the hosts, once.
func program(name string) func() (string, error) {
	return sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "msg-e2e-")
		if err != nil {
			return "", err
		}
		path := filepath.Join(dir, name)
		build := exec.Command("go", "build", "-o", path, "../"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return "", fmt.Errorf("go build: %w: %s", err, out)
		}
		return path, nil
	})
}

var installed = map[*lab.Host]bool{}

// install has root install msg and msgd.
func install(t testing.TB, h *lab.Host) {
	t.Helper()
	archive, err := packed()
	if err != nil {
		t.Fatal(err)
	}
	if installed[h] {
		return
	}
	if out := h.Exec(t, archive, "tar", "-C", "/", "--no-overwrite-dir", "-x"); out.Code != 0 {
		t.Fatalf("%s: %+v", h.Name, out)
	}
	makeRun(t, h)
	installed[h] = true
}

// makeRun makes the account and what is below /run, and opens the door, as make install does
// on a real system. It may be called again when /run/msg is gone.
func makeRun(t testing.TB, h *lab.Host) {
	t.Helper()
	closeDoor(t, h)
	packaged(t, h, "make-run", "/usr/local/lib")
	openDoor(t, h)
}

// packaged runs a script of packaging on a host.
func packaged(t testing.TB, h *lab.Host, name string, args ...string) {
	t.Helper()
	script, err := os.ReadFile("../../packaging/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if out := h.Exec(t, string(script), append([]string{"sh", "-s"}, args...)...); out.Code != 0 {
		t.Fatalf("%s: %s: %+v", h.Name, name, out)
	}
}

// openDoor has msgd listen.
func openDoor(t testing.TB, h *lab.Host) {
	t.Helper()
	if h.Logind {
		packaged(t, h, "open-door", "yes", "/usr/local/lib/systemd/system", "/usr/local/share/doc/msg/examples")
		return
	}
	h.Run(t, "install", "-m", "755", "/usr/local/share/doc/msg/examples/sysvinit/msgd", "/etc/init.d/msgd")
	h.Run(t, "update-rc.d", "msgd", "defaults")
	h.Run(t, "/etc/init.d/msgd", "start")
	h.Run(t, "timeout", "20", "sh", "-c", "until test -S /run/msg/door; do sleep 0.05; done")
}

// closeDoor has nobody listen. What is in hand goes on.
func closeDoor(t testing.TB, h *lab.Host) {
	t.Helper()
	if h.Logind {
		h.Exec(t, "", "systemctl", "stop", "msg.socket", "msgd.service") // they may not be there yet
		return
	}
	h.Exec(t, "", "sh", "-c", "test ! -x /etc/init.d/msgd || /etc/init.d/msgd stop")
}

// send runs msg as root without a terminal, and checks that it succeeds in
// silence.
func send(t *testing.T, h *lab.Host, args ...string) {
	t.Helper()
	if out := h.Exec(t, "", append([]string{"msg"}, args...)...); out != (lab.Output{}) {
		t.Errorf("%s: msg %q: %+v", h.Name, args, out)
	}
}

// fails runs msg as root and checks its status and that its standard error has
// the words.
func fails(t *testing.T, h *lab.Host, status int, words string, args ...string) {
	t.Helper()
	out := h.Exec(t, "", append([]string{"msg"}, args...)...)
	if out.Code != status || !strings.Contains(out.Stderr, words) || out.Stdout != "" {
		t.Errorf("%s: msg %.80q: %+v, want status %d and %q", h.Name, args, out, status, words)
	}
}

// body are the lines of messages among what somebody saw.
func body(seen string) []string {
	var lines []string
	for line := range strings.SplitSeq(seen, "\r\n") {
		if text, ok := strings.CutPrefix(line, "| "); ok {
			lines = append(lines, strings.TrimRight(text, " \r"))
		}
	}
	return lines
}

// got checks that these lines, and no others, have come to somebody.
func got(t *testing.T, l *lab.Login, want ...string) {
	t.Helper()
	if lines := body(l.Sync(t)); !slices.Equal(lines, want) {
		t.Errorf("%v got %q, want %q", l, lines, want)
	}
	l.Mark()
}

func TestEveryone(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob, root := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "root")
		send(t, h, "*", "Reboot in ten minutes.")
		if seen := alice.Sync(t); !strings.Contains(seen, "\r\nBroadcast message from root@"+h.Name+" at ") {
			t.Errorf("alice saw %q", seen)
		}
		for _, l := range []*lab.Login{alice, bob, root} {
			got(t, l, "Reboot in ten minutes.")
		}
		root.Type(t, "msg '*' 'From where I sit.'\r")
		root.Expect(t, "sent to ")
		got(t, alice, "From where I sit.")
		got(t, bob, "From where I sit.")
		got(t, root)
	})
}

func TestOneUser(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, again, bob := h.Login(t, "alice"), h.Login(t, "alice"), h.Login(t, "bob")
		send(t, h, "alice", "Lunch?", "Now?")
		got(t, alice, "Lunch? Now?")
		got(t, again, "Lunch? Now?")
		got(t, bob)
		send(t, h, "-x", "alice", "*", "Not alice.")
		got(t, alice)
		got(t, bob, "Not alice.")
	})
}

func TestGroup(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob, carol := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "carol")
		send(t, h, "%ops", "Disk is full.")
		got(t, alice)
		got(t, bob, "Disk is full.")   // by name
		got(t, carol, "Disk is full.") // by the primary group
		send(t, h, "%ops,alice,bob", "Once.")
		got(t, alice, "Once.")
		got(t, bob, "Once.")
	})
}

func TestTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		one, two := h.Login(t, "alice"), h.Login(t, "alice")
		send(t, h, one.Terminal, "Here.")
		got(t, one, "Here.")
		got(t, two)
		if two.Session != "" {
			send(t, h, two.Session, "By session.")
			got(t, one)
			got(t, two, "By session.")
		}
	})
}

type session struct {
	User, Terminal, Outer, Session, Host, What string
	UID                                        uint32
	IdleS                                      *int64 `json:"idle_s"`
	Messages, Place                            bool
	Since                                      string
	Sources                                    []string
}

func sessionsOf(t testing.TB, h *lab.Host, targets ...string) []session {
	t.Helper()
	var all []session
	out := h.Run(t, append([]string{"msg", "sessions", "--json"}, targets...)...).Stdout
	if err := json.Unmarshal([]byte(out), &all); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return all
}

func TestSessions(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		logins := []*lab.Login{h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "alice")}
		all := sessionsOf(t, h)
		if len(all) != len(logins) {
			t.Errorf("%d people are logged in, and it shows %+v", len(logins), all)
		}
		for _, l := range logins {
			i := slices.IndexFunc(all, func(s session) bool { return s.Terminal == l.Terminal })
			if i < 0 {
				t.Errorf("%v is not in %+v", l, all)
				continue
			}
			s := all[i]
			if s.User != l.User || s.Session != l.Session || s.Host != "10.88.0.1" || s.What != "bash" ||
				!s.Messages || !s.Place || s.IdleS == nil || s.Since == "" ||
				slices.Contains(s.Sources, "utmp") != h.Utmp || slices.Contains(s.Sources, "logind") != h.Logind {
				t.Errorf("%v, session %q, is %+v", l, l.Session, s)
			}
		}
		if everyone := sessionsOf(t, h, "*"); len(everyone) != len(all) {
			t.Errorf("everyone is %+v, all are %+v", everyone, all)
		}
		if only := sessionsOf(t, h, "bob"); len(only) != 1 || only[0].User != "bob" {
			t.Errorf("bob alone is %+v", only)
		}
		fails(t, h, 1, "msg: dave: not logged in\n", "sessions", "dave", "-v")
	})
}

// TestSessionsFitTheWindow looks at the table in a narrow window.
func TestSessionsFitTheWindow(t *testing.T) {
	h := lab.D13
	install(t, h)
	l := h.LoginWith(t, lab.LoginOptions{User: "alice", Rows: 24, Cols: 50})
	l.Type(t, "msg sessions; echo done\r")
	seen := l.Expect(t, "done\r\n$ ")
	rows := strings.Split(seen, "\r\n")
	for _, row := range rows {
		if len([]rune(row)) > 50 {
			t.Errorf("%q is wider than 50 columns", row)
		}
	}
	if !strings.Contains(seen, "USER") || !strings.Contains(seen, "alice  "+l.Terminal) {
		t.Errorf("saw %q", seen)
	}
}

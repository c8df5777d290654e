//go:build linux

package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"msg/test/lab"
)

func TestLoginsAreReal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		for _, l := range []*lab.Login{h.Login(t, "alice"), h.Login(t, "bob")} {
			owner := h.Run(t, "stat", "-c", "%U:%G", "/dev/"+l.Terminal).Stdout
			if want := l.User + ":tty\n"; owner != want {
				t.Errorf("the terminal of %v is %q", l, owner)
			}
			if inUtmp(t, h, l) != h.Utmp {
				t.Errorf("%v is in utmp: %v", l, !h.Utmp)
			}
			if (l.Session != "") != h.Logind {
				t.Errorf("%v has session %q", l, l.Session)
			}
			if h.Logind {
				checkSession(t, h, l)
			}
		}
	})
}

// TestShellsSayNothingElse holds that all that people see is what they typed,
// what that printed, and the prompt.
func TestShellsSayNothingElse(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		bob.Type(t, "echo a; echo b\r")
		bob.Expect(t, "b\r\n$ ")
		if seen, want := bob.Sync(t), "echo a; echo b\r\na\r\nb\r\n$ "; seen != want {
			t.Errorf("bob sees %q, want %q", seen, want)
		}
	})
}

func inUtmp(t *testing.T, h *lab.Host, l *lab.Login) bool {
	t.Helper()
	for line := range strings.Lines(h.Run(t, "who").Stdout) {
		if f := strings.Fields(line); f[0] == l.User && f[1] == l.Terminal {
			return true
		}
	}
	return false
}

func checkSession(t *testing.T, h *lab.Host, l *lab.Login) {
	t.Helper()
	if list := h.Run(t, "loginctl", "list-sessions", "--no-legend").Stdout; !strings.Contains(
		list, fmt.Sprintf("%s %d %s", l.Session, map[string]int{"alice": 1001, "bob": 1002}[l.User], l.User)) {
		t.Errorf("logind does not list session %s of %v:\n%s", l.Session, l, list)
	}
	cgroup := h.Run(t, "sh", "-c", `cat /proc/$(ps -o pid= -t "$1" | head -n 1 | tr -d ' ')/cgroup`,
		"sh", l.Terminal).Stdout
	if !strings.Contains(cgroup, "session-"+l.Session+".scope") {
		t.Errorf("the processes of %v are in\n%s", l, cgroup)
	}
}

// The reason why msg exists.
func TestWall(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		if out := h.Exec(t, "", "wall", "lunch?"); out.Code != 0 {
			t.Errorf("wall by root: %+v", out)
		}
		seen := alice.Sync(t)
		if reached := strings.Contains(seen, "lunch?"); reached != h.Utmp {
			t.Errorf("wall has reached her: %v, want %v; she saw %q", reached, h.Utmp, seen)
		}
	})
}

func TestHold(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		alice.Hold(t)
		script := `timeout 0.2 sh -c 'echo held > "$0"' "$1"`
		if out := h.Exec(t, "", "sh", "-c", script, "sh", "/dev/"+alice.Terminal); out.Code != 124 {
			t.Errorf("a held terminal took output: %+v, %q", out, alice.Seen())
		}
		alice.Release(t)
		alice.Type(t, "echo back to\" \"work\r")
		alice.Expect(t, "back to work")
	})
}

func TestSyncSeesAllThatWasWritten(t *testing.T) {
	alice := lab.D12.Login(t, "alice")
	for i := range 100 {
		alice.Mark()
		text := fmt.Sprintf("message %d", i)
		lab.D12.Run(t, "sh", "-c", `echo "$1" > "$2"`, "sh", text, "/dev/"+alice.Terminal)
		if seen := alice.Sync(t); seen != text+"\r\n" {
			t.Fatalf("saw %q, want %q", seen, text)
		}
	}
}

func TestSyncWorksInsideAProgram(t *testing.T) {
	alice := lab.D13.LoginWith(t, lab.LoginOptions{User: "alice", Command: "exec cat"})
	alice.Type(t, "over\r")
	alice.Expect(t, "over\r\nover\r\n")
	if seen := alice.Sync(t); !strings.HasSuffix(seen, "over\r\nover\r\n") {
		t.Errorf("saw %q", seen)
	}
}

func TestSize(t *testing.T) {
	l := lab.D13.LoginWith(t, lab.LoginOptions{User: "carol", Rows: 10, Cols: 40})
	l.Type(t, "stty size\r")
	l.Expect(t, "10 40\r\n")
	l.Type(t, "trap 'stty size' WINCH; echo trap\" \"set\r")
	l.Expect(t, "trap set\r\n$ ")
	l.Resize(t, 50, 200)
	l.Expect(t, "50 200\r\n")
}

func TestRootLogsIn(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) { h.Login(t, "root") })
}

func TestCloseRemovesTheTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		l := h.Login(t, "alice")
		l.Close(t)
		if h.Exec(t, "", "test", "-e", "/dev/"+l.Terminal).Code == 0 {
			t.Errorf("%v is still there", l)
		}
	})
}

func TestManyLoginsOfOne(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		terminals := map[string]bool{}
		for range 5 {
			terminals[h.Login(t, "bob").Terminal] = true
		}
		if len(terminals) != 5 {
			t.Errorf("5 logins are on the terminals %v", terminals)
		}
	})
}

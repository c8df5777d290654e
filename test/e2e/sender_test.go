//go:build linux

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

const utf8Text = "Grüße, 世界: ½ Stunde … ☎"

// TestCron has the real cron daemon send, with nothing but what cron gives.
func TestCron(t *testing.T) {
	logins := map[*lab.Host]*lab.Login{}
	for _, h := range lab.Hosts() {
		install(t, h)
		logins[h] = h.Login(t, "alice")
		line := fmt.Sprintf("PATH=/usr/local/bin:/usr/bin:/bin\nLANG=C\n* * * * * root msg alice '%s'\n", utf8Text)
		h.Exec(t, line, "sh", "-c", "cat > /etc/cron.d/msg-test; chmod 644 /etc/cron.d/msg-test")
		t.Cleanup(func() { h.Run(t, "rm", "/etc/cron.d/msg-test") })
		if h.Logind {
			h.Run(t, "systemctl", "start", "cron")
		} else {
			h.Run(t, "sh", "-c", "pgrep -x cron >/dev/null || cron </dev/null >/dev/null 2>&1")
			t.Cleanup(func() { h.Run(t, "pkill", "-x", "cron") })
		}
	}
	t.Log("waiting for the next minute, when cron runs its jobs")
	for h, l := range logins {
		seen := awaitCron(t, l)
		if !strings.Contains(seen, "\r\nMessage from root@"+h.Name+" (cron) at ") {
			t.Errorf("%v saw %q", l, seen)
		}
	}
}

// awaitCron waits longer than a test usually does: cron looks once a minute.
func awaitCron(t *testing.T, l *lab.Login) string {
	t.Helper()
	for range 3 {
		if strings.Contains(l.Seen(), "| "+utf8Text) {
			break
		}
		l.Host.Run(t, "sleep", "25")
	}
	return l.Expect(t, "| "+utf8Text)
}

// TestService has a systemd unit send.
func TestService(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		alice := h.Login(t, "alice")
		h.Run(t, "systemd-run", "--wait", "--collect", "--quiet", "--unit=backup", "/usr/local/bin/msg", "alice", utf8Text)
		seen := alice.Expect(t, "| "+utf8Text)
		if !strings.Contains(seen, "\r\nMessage from root@"+h.Name+" (backup.service) at ") {
			t.Errorf("%v saw %q", alice, seen)
		}
	}
}

// TestSudo names who is behind root, by the kernel's word. A kernel without
// audit keeps no login uid; then nothing is said.
func TestSudo(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, dave := h.Login(t, "alice"), h.Login(t, "dave")
		// Since 1.9.17p2-6, Debian's sudo does not look in /usr/local.
		dave.Type(t, "sudo $(command -v msg) alice 'From above.'; echo status $?\r")
		if seen := dave.Expect(t, "status 0\r\n"); !strings.Contains(seen, "sent to alice on "+alice.Terminal+"\r\n") {
			t.Errorf("dave saw %q", seen)
		}
		seen := alice.Expect(t, "| From above.")
		want := "\r\nMessage from root@" + h.Name + " (dave) on pts/"
		if h.Exec(t, "", "test", "-e", "/proc/self/loginuid").Code != 0 {
			want = "\r\nMessage from root@" + h.Name + " on pts/"
		}
		if !strings.Contains(seen, want) {
			t.Errorf("alice saw %q, want %q", seen, want)
		}
	})
}

// TestSu: who has become somebody else without a password of theirs, by su from
// root's login, is named with who logged in, and with the terminal, which is still
// root's. Without systemd's slices nothing bears that out, and it is not said.
func TestSu(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		alice, root := h.Login(t, "alice"), h.Login(t, "root")
		root.Type(t, "su bob\r")
		root.Expect(t, "$ ")
		root.Type(t, "msg alice 'From below.'; echo status $?\r")
		root.Expect(t, "status 0\r\n")
		want := "\r\nMessage from bob@" + h.Name + " (root) on " + root.Terminal + " at "
		if !h.Logind || h.Exec(t, "", "test", "-e", "/proc/self/loginuid").Code != 0 {
			want = "\r\nMessage from bob@" + h.Name + " at "
		}
		if seen := alice.Expect(t, "| From below."); !strings.Contains(seen, want) {
			t.Errorf("alice saw %q, want %q", seen, want)
		}
	})
}

func TestMessagesOff(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		bob.Type(t, "chmod g-w $(tty); echo off\r")
		bob.Expect(t, "off\r\n$ ")
		bob.Mark()
		fails(t, h, 1, "msg: bob on "+bob.Terminal+": messages are off\nhint: ", "--polite", "bob", "hi")
		got(t, bob)
		send(t, h, "bob", "From root.")
		got(t, bob, "From root.")
		if s := sessionsOf(t, h, "bob"); len(s) != 1 || s[0].Messages {
			t.Errorf("his messages are %+v", s)
		}
	})
}

// TestWithoutTerminal has alice logged in by an ssh without a terminal, as scp
// is: logind knows of her, and no terminal does.
func TestWithoutTerminal(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		cmd := h.SSHCommand(t.Context(), "alice", "sh", "-c", "echo here; exec sleep 1000")
		stdout, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if _, err := stdout.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		fails(t, h, 1, "msg: alice: logged in, but on no terminal\n", "alice", "hi")
		if out := says(t, h, "carol", "alice,bob", "hi"); out.Code != 1 ||
			!strings.Contains(out.Stderr, "msg: alice: logged in, but on no terminal\n") || !strings.Contains(out.Stderr, "msg: bob: not logged in\n") {
			t.Errorf("%s: carol: %+v", h.Name, out)
		}
		send(t, h, "*", "Nobody is at a terminal.")
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		for deadline := time.Now().Add(30 * time.Second); len(sessionsOf(t, h)) > 0; time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s still shows her: %+v", h.Name, sessionsOf(t, h))
			}
		}
	}
}

// TestLoginPrompt holds that the console, where agetty waits, is nobody, and
// gets a message all the same when it is named.
func TestLoginPrompt(t *testing.T) {
	h := lab.D13
	install(t, h)
	terminal := strings.TrimSpace(h.Run(t, "sh", "-c", `ps -o tty= -C agetty | head -n 1`).Stdout)
	if !strings.HasPrefix(terminal, "pts/") {
		t.Fatalf("agetty is on %q", terminal)
	}
	if all := sessionsOf(t, h); len(all) != 0 {
		t.Errorf("with nobody logged in it shows %+v", all)
	}
	fails(t, h, 1, "msg: root: not logged in\n", "root", "hi")
	send(t, h, "*", "Nobody.")
	send(t, h, terminal, "To the console.")
}

// TestConsoleLogin has root log in by login(1), as on a console. Debian 12's
// stays the session leader while the shell runs, and somebody is there.
func TestConsoleLogin(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.Plain} {
		install(t, h)
		root := h.LoginWith(t, lab.LoginOptions{User: "root", Command: "exec login -f root"})
		root.Expect(t, "# ")
		leader := h.Run(t, "sh", "-c", `ps -o comm= -p $(ps -o sid= -t "$1" | head -n 1)`, "sh", root.Terminal).Stdout
		if leader != "login\n" {
			t.Errorf("%s: the session leader is %q, not login", h.Name, leader)
		}
		send(t, h, "root", "To the console.")
		got(t, root, "To the console.")
	}
}

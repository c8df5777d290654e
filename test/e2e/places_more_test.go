//go:build linux

package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"msg/test/lab"
)

// TestControlMode has bob's tmux client talk tmux's control protocol, as some
// terminal emulators have it: a message in between would be an error in that.
func TestControlMode(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		bob.Type(t, "tmux -C new -s work\r")
		bob.Expect(t, "%session-changed")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		inner := strings.TrimPrefix(prints(t, h, "bob", "tmux", "list-panes", "-F", "#{pane_tty}"), "/dev/")
		record(t, h, "tmux-control", map[string]string{"bob": inner})
		bob.Sync(t)
		bob.Mark()
		reaches(t, h, "root", "bob", "Hello.", "bob@"+inner)
		reaches(t, h, "carol", "bob", "From carol.", "bob@"+inner)
		if seen := bob.Expect(t, "From carol."); strings.Contains(seen, "\r\n| ") {
			t.Errorf("in the protocol came %q", seen)
		}
		out := h.SSH(t, "root", "msg", "-a", "-v", "bob", "Everywhere.")
		want := "msg: bob on " + bob.Terminal + ": a program has the terminal to itself (tmux in control mode"
		if out.Code != 1 || out.Stdout != "sent to bob on "+inner+"\n" || !strings.HasPrefix(out.Stderr, want) {
			t.Errorf("to all terminals: %+v, want %q", out, want)
		}
	})
}

// TestNested has bob in a tmux within screen: he looks at the pane of tmux. With
// another window of screen in front, it is that.
func TestNested(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		h.Run(t, "install", "-d", "-m", "1777", "/run/screen")
		h.Exec(t, "startup_message off\ndefmode 0620\n", "sh", "-c", "cat >/home/bob/.screenrc")
		bob := h.Login(t, "bob")
		bob.Type(t, "screen\r")
		t.Cleanup(func() { h.SSH(t, "bob", "screen", "-X", "quit") })
		terminalHere(t, bob)
		bob.Type(t, "tmux\r")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		bob.Expect(t, "[0]")
		inner := terminalHere(t, bob)
		record(t, h, "nested", map[string]string{"bob": inner})
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Deep within.", "bob@"+inner)
		}
		bob.Type(t, "\x01c")
		window := inner
		for window == inner {
			window = terminalHere(t, bob)
		}
		record(t, h, "nested-other-window", map[string]string{"bob": window})
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Beside it.", "bob@"+window)
		}
		bob.Mark()
		bob.Type(t, "msg bob,'%bob' 'To myself.'; echo sta''tus $?\r")
		if seen := bob.Expect(t, "status 0"); strings.Count(seen, "| To myself.") != 1 {
			t.Errorf("bob saw %q", seen)
		}
	})
}

// TestTmuxBySudo has dave look at root's tmux: his screen is root's pane, once.
func TestTmuxBySudo(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dave := h.Login(t, "dave")
		dave.Type(t, "sudo tmux\r")
		dave.Expect(t, "[0]")
		t.Cleanup(func() { h.Run(t, "tmux", "kill-server") })
		inner := strings.TrimPrefix(h.Run(t, "tmux", "list-panes", "-F", "#{pane_tty}").Stdout, "/dev/")
		inner = strings.TrimSpace(inner)
		record(t, h, "sudo-tmux", map[string]string{"dave": inner, "root": inner, "dave root": inner})
		for _, target := range []string{"dave", "root", "*"} {
			reaches(t, h, "root", target, "To "+target, "root@"+inner)
		}
		dave.Expect(t, "To *")
	})
}

// TestOwnScreen: who sends to everyone from a pane does not get it in another one.
func TestOwnScreen(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, dave := h.Login(t, "alice"), h.Login(t, "dave")
		left, right := startTmux(t, dave)
		forget(t, h)
		dave.Type(t, "msg '*' 'From my pane.'; echo sta''tus $?\r")
		dave.Expect(t, "status 0")
		got(t, alice, "From my pane.")
		for _, name := range []string{left, right} {
			if seen := pane(t, h, "dave", name); strings.Contains(seen, "| From my pane.") {
				t.Errorf("%s shows %q", name, seen)
			}
		}
	})
}

// TestServiceTerminal has a system service open terminals: nobody looks there.
func TestServiceTerminal(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		for _, user := range []string{"root", "bob"} {
			unit := "terminal-of-" + user
			h.Run(t, "systemd-run", "--quiet", "--collect", "--unit="+unit, "--uid="+user,
				"script", "-qc", "tty >/tmp/"+unit+"; exec sleep 1000", "/dev/null")
			t.Cleanup(func() { h.Run(t, "systemctl", "stop", unit) })
			h.Run(t, "sh", "-c", "until [ -s /tmp/"+unit+" ]; do sleep 0.05; done")
			terminal := strings.TrimSpace(strings.TrimPrefix(h.Run(t, "cat", "/tmp/"+unit).Stdout, "/dev/"))
			fails(t, h, 1, "msg: "+user+": not logged in\n", user, "hi")
			send(t, h, "*", "Nobody.")
			send(t, h, terminal, "Named.")
			for _, s := range sessionsOf(t, h, "-a") {
				if s.Terminal == terminal && s.Place {
					t.Errorf("%+v", s)
				}
			}
		}
	}
}

// TestSystemdRun has root look through systemd-run at a service's terminal: the
// place is root's own.
func TestSystemdRun(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		install(t, h)
		root := h.Login(t, "root")
		root.Type(t, "systemd-run -q --pty bash --norc\r")
		root.Expect(t, "bash-") // its prompt
		inner := terminalHere(t, root)
		if inner == root.Terminal {
			t.Fatal("systemd-run gives no terminal")
		}
		root.Mark()
		for _, target := range []string{"root", "*"} {
			reaches(t, h, "root", target, "Once.", "root@"+root.Terminal)
		}
		if lines := body(root.Sync(t)); len(lines) != 2 {
			t.Errorf("root got %q", lines)
		}
		root.Type(t, "exit\r")
	}
}

// TestFullScreen has bob in vim, which draws the screen itself: the message covers
// the uppermost rows, and vim's cursor is where it was.
func TestFullScreen(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		bob.Type(t, "vi -u NONE -n /etc/passwd\r")
		bob.Expect(t, `"/etc/passwd"`)
		bob.Type(t, ":set number?\r")
		bob.Expect(t, "nonumber") // it has drawn everything
		bob.Sync(t)
		bob.Mark()
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Lunch at one?", "bob@"+bob.Terminal)
			seen := bob.Sync(t)
			want := regexp.MustCompile("^\a\x1b7\x1b\\[0;7m\x1b\\[1;1HMessage from " + user + "@.*: *\x1b\\[2;1H\\| Lunch at one\\? *\x1b\\[m\x1b8$")
			if !want.MatchString(seen) {
				t.Errorf("bob saw %q", seen)
			}
			bob.Mark()
		}
		long := strings.Repeat("A line.\n", 30)
		if out := h.Exec(t, long, "msg", "bob"); out.Code != 0 {
			t.Errorf("%+v", out)
		}
		if lines := body(bob.Sync(t)); len(lines) != 30 {
			t.Errorf("of a message longer than the screen, he got %q", lines)
		}
		bob.Mark()
		bob.Type(t, ":q\r")
		bob.Expect(t, "$ ")
		awaitPrompt(t, bob)
		send(t, h, "bob", "At the prompt.")
		got(t, bob, "At the prompt.")
	})
}

// TestFullScreenWithin has dave in vim by sudo: what sudo passes on is vim's screen.
// Root's shell there writes lines, and so does a shell on another host.
func TestFullScreenWithin(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dave := h.Login(t, "dave")
		overlaid := func(user string) bool {
			t.Helper()
			dave.Sync(t)
			dave.Mark()
			reaches(t, h, user, "dave", "Lunch at one?", "dave@"+dave.Terminal)
			seen := dave.Sync(t)
			if !strings.Contains(seen, "| Lunch at one?") {
				t.Errorf("dave saw %q", seen)
			}
			return strings.Contains(seen, "\a\x1b7")
		}
		dave.Type(t, "sudo vi -u NONE -n /etc/passwd\r")
		dave.Expect(t, `"/etc/passwd"`)
		dave.Type(t, ":set number?\r")
		dave.Expect(t, "nonumber")
		if !overlaid("root") || !overlaid("carol") {
			t.Error("vim's screen was scrolled")
		}
		dave.Mark()
		dave.Type(t, ":q\r")
		dave.Expect(t, "$ ")
		awaitPrompt(t, dave)
		for _, command := range []string{"sudo bash --norc", "ssh -o StrictHostKeyChecking=no -tt dave@" + h.Name} {
			dave.Type(t, command+"\r")
			terminalHere(t, dave)
			dave.Mark()
			if command[:3] == "ssh" {
				out := h.SSH(t, "root", "msg", "-v", dave.Terminal, "Beside the prompt.")
				if seen := dave.Expect(t, "| Beside the prompt."); out.Code != 0 || strings.Contains(seen, "\x1b7") {
					t.Errorf("in ssh, dave saw %q, %+v", seen, out)
				}
			} else if overlaid("root") || overlaid("carol") {
				t.Errorf("%s: a shell's lines were covered", command)
			}
			dave.Mark()
			dave.Type(t, "exit\r")
			dave.Expect(t, "$ ")
			awaitPrompt(t, dave)
		}
	})
}

// TestHiddenProcesses: where /proc shows nobody who else is there, all are reached,
// some twice, and doctor says why.
func TestHiddenProcesses(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob, carol := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "carol")
		left, right := startTmux(t, bob)
		alice.Type(t, "script -q /dev/null\r")
		inner := terminalHere(t, alice)
		alice.Mark()
		h.Run(t, "mount", "-o", "remount,hidepid=2", "/proc")
		t.Cleanup(func() { h.Run(t, "mount", "-o", "remount,hidepid=0", "/proc") })
		reaches(t, h, "root", "bob", "From root.", "bob@"+right)
		reaches(t, h, "root", "alice", "From root.", "alice@"+alice.Terminal)
		reaches(t, h, "carol", "bob", "From carol.", "bob@"+bob.Terminal, "bob@"+left, "bob@"+right)
		reaches(t, h, "carol", "alice", "From carol.", "alice@"+alice.Terminal, "alice@"+inner)
		reaches(t, h, "carol", "carol", "To myself.", "carol@"+carol.Terminal)
		out := h.SSH(t, "carol", "msg", "doctor")
		if !strings.Contains(out.Stdout, "hidepid=") || !strings.Contains(strings.Join(strings.Fields(out.Stdout), " "), "may come twice") {
			t.Errorf("doctor: %s", out.Stdout)
		}
	})
}

// TestEveryTerminal lists what is within what.
func TestEveryTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		left, right := startTmux(t, bob)
		alice.Type(t, "script -q /dev/null\r")
		inner := terminalHere(t, alice)
		places, outer := map[string]bool{}, map[string]string{}
		for _, s := range sessionsOf(t, h, "-a") {
			places[s.Terminal], outer[s.Terminal] = s.Place, s.Outer
		}
		for _, want := range []struct {
			terminal, outer string
			place           bool
		}{
			{alice.Terminal, "", true},
			{inner, alice.Terminal, false},
			{bob.Terminal, "", false},
			{left, bob.Terminal, false},
			{right, bob.Terminal, true},
		} {
			place, listed := places[want.terminal]
			if !listed || place != want.place || outer[want.terminal] != want.outer {
				t.Errorf("%+v is listed %v, within %q, place %v", want, listed, outer[want.terminal], place)
			}
		}
		for _, s := range sessionsOf(t, h) {
			if !s.Place {
				t.Errorf("not a place: %+v", s)
			}
		}
		table := h.Run(t, "msg", "sessions", "-a").Stdout
		for _, want := range []string{"alice  " + alice.Terminal + " ", "alice    " + inner + " ", "bob    " + bob.Terminal + " ", "bob      " + right + " "} {
			if !strings.Contains(table, want) {
				t.Errorf("the table lacks %q:\n%s", want, table)
			}
		}
	})
}

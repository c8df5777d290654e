//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

func pane(t *testing.T, h *lab.Host, user, terminal string) string {
	t.Helper()
	for line := range strings.SplitSeq(prints(t, h, user, "tmux", "list-panes", "-a", "-F", "#{pane_tty} #{pane_id}"), "\n") {
		if id, ok := strings.CutPrefix(line, "/dev/"+terminal+" "); ok {
			return prints(t, h, user, "tmux", "capture-pane", "-p", "-t", id)
		}
	}
	t.Fatalf("%s's tmux has no pane on %s", user, terminal)
	return ""
}

// startTmux has a person start tmux with two panes side by side, and use the left one and
// then the right one. They are made at once: a shell whose pane becomes narrower runs for
// that, and may do so after the other one was typed in.
func startTmux(t *testing.T, l *lab.Login) (left, right string) {
	t.Helper()
	l.Type(t, "tmux new -s work ';' split-window -h\r")
	t.Cleanup(func() { l.Host.SSH(t, l.User, "tmux", "kill-server") })
	right = terminalNot(t, l, l.Terminal)
	l.Type(t, toLeftPane)
	left = terminalNot(t, l, right)
	l.Type(t, toRightPane)
	if here := terminalNot(t, l, left); here != right {
		t.Fatalf("%v has panes on %s, %s and %s", l, left, right, here)
	}
	return left, right
}

// The prefix key of tmux, and an arrow.
const toLeftPane, toRightPane = "\x02\x1b[D", "\x02\x1b[C"

// startScreen has a person start screen, or what else it is called, with windows whose
// messages are on, and returns the terminal of the first.
func startScreen(t *testing.T, l *lab.Login, program string) (window string) {
	t.Helper()
	// What the package's service does at boot, where there are services.
	l.Host.Run(t, "install", "-d", "-m", "1777", "/run/screen")
	// On Debian 13, windows have messages off unless one says so.
	l.Host.Exec(t, "startup_message off\ndefmode 0620\n", "sh", "-c", "cat >/home/"+l.User+"/.screenrc")
	l.Type(t, program+"\r")
	t.Cleanup(func() { l.Host.SSH(t, l.User, program, "-X", "quit") })
	return terminalHere(t, l)
}

// anotherWindow has a person open another window, and returns its terminal.
func anotherWindow(t *testing.T, l *lab.Login, window string) string {
	t.Helper()
	l.Type(t, "\x01c")
	return terminalNot(t, l, window)
}

func TestTmux(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		left, right := startTmux(t, bob)
		record(t, h, "tmux", map[string]string{"bob": right})
		bob.Mark()
		reaches(t, h, "root", "bob", "Lunch at one?", "bob@"+right)
		bob.Expect(t, "| Lunch at one?")
		// Written to the client, the row would be as wide as bob's window.
		if seen := bob.Sync(t); strings.Contains(seen, "| Lunch at one?"+strings.Repeat(" ", 40)) {
			t.Errorf("%v saw %q", bob, seen)
		}
		if strings.Contains(pane(t, h, "bob", left), "Lunch") {
			t.Error("it is in the other pane, too")
		}
		bob.Mark()
		bob.Type(t, "\x02r") // the prefix, refresh-client
		if seen := bob.Expect(t, "| Lunch at one?"); strings.Count(seen, "Message from root@") != 1 {
			t.Errorf("redrawn, it is %q", seen)
		}
		reaches(t, h, "carol", "bob", "From carol.", "bob@"+right)
		// Back and forth within the eight seconds that the kernel's times tell apart.
		bob.Type(t, toLeftPane)
		terminalHere(t, bob)
		reaches(t, h, "root", "bob", "On the left.", "bob@"+left)
		reaches(t, h, "carol", "bob", "On the left.", "bob@"+left)
		if seen := pane(t, h, "bob", left); strings.Count(seen, "| On the left.") != 2 || strings.Contains(seen, "From carol.") {
			t.Errorf("the left pane shows %q", seen)
		}
		reaches(t, h, "root", right, "To the other pane.", "bob@"+right)
		if seen := pane(t, h, "bob", right); !strings.Contains(seen, "| To the other pane.") {
			t.Errorf("the right pane shows %q", seen)
		}
		reaches(t, h, "root", bob.Terminal, "To the client.", "bob@"+bob.Terminal)
		bob.Expect(t, "| To the client.")
	})
}

func TestDetached(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		_, right := startTmux(t, bob)
		bob.Type(t, "\x02d")
		bob.Expect(t, "[detached")
		awaitPrompt(t, bob)
		record(t, h, "tmux-detached", map[string]string{"bob": bob.Terminal + " " + right + "+"})
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Are you there?", "bob@"+bob.Terminal, "bob@"+right+"+")
		}
		got(t, bob, "Are you there?", "Are you there?")
		bob.Close(t)
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Gone home?", "bob@"+right+"+")
		}
		out := h.Run(t, "msg", "--json", "bob", "Gone home?").Stdout
		if !strings.Contains(out, `"user":"bob","terminal":"`+right+`"`) || !strings.Contains(out, `"detached":true}`) {
			t.Errorf("as JSON: %s", out)
		}
		if seen := pane(t, h, "bob", right); strings.Count(seen, "| Gone home?") != 3 {
			t.Errorf("the pane shows %q", seen)
		}
	})
}

func TestScreen(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		first := startScreen(t, bob, "screen")
		second := anotherWindow(t, bob, first)
		record(t, h, "screen", map[string]string{"bob": second})
		bob.Mark()
		reaches(t, h, "root", "bob", "Lunch at one?", "bob@"+second)
		reaches(t, h, "carol", "bob", "From carol.", "bob@"+second)
		bob.Expect(t, "carol.")
		bob.Mark()
		bob.Type(t, "\x01l")                                               // redraw
		seen := strings.ReplaceAll(bob.Expect(t, "carol."), "\x1b[C", " ") // screen 5 skips spaces
		if !strings.Contains(seen, "| From carol.") || !strings.Contains(seen, "| Lunch at one?") || strings.Count(seen, "Message from ") != 2 {
			t.Errorf("redrawn, it is %q", seen)
		}
		bob.Type(t, "\x010")
		terminalHere(t, bob)
		reaches(t, h, "root", "bob", "In the first.", "bob@"+first)
		bob.Type(t, "\x01d")
		bob.Expect(t, "[detached from")
		awaitPrompt(t, bob)
		record(t, h, "screen-detached", map[string]string{"bob": bob.Terminal + " " + first + "+"})
		reaches(t, h, "carol", "bob", "Are you there?", "bob@"+bob.Terminal, "bob@"+first+"+")
	})
}

// TestNameOfAMultiplexer: zellij is in no Debian release. This is screen by its name,
// whose processes stand to each other as zellij's do: it holds that the name is known.
func TestNameOfAMultiplexer(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		h.Run(t, "cp", "-p", "/usr/bin/screen", "/usr/local/bin/zellij")
		t.Cleanup(func() { h.Run(t, "rm", "/usr/local/bin/zellij") })
		bob := h.Login(t, "bob")
		first := startScreen(t, bob, "zellij")
		second := anotherWindow(t, bob, first)
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Lunch at one?", "bob@"+second)
		}
	})
}

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

func TestNested(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		startScreen(t, bob, "screen")
		bob.Type(t, "tmux\r")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		bob.Expect(t, "[0]")
		inner := terminalHere(t, bob)
		record(t, h, "nested", map[string]string{"bob": inner})
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Deep within.", "bob@"+inner)
		}
		window := anotherWindow(t, bob, inner)
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
		// Not root, but dave: on his own terminal, though tmux draws there.
		out := h.Run(t, "msg", "-v", "-x", "root", "dave", "Not to root.")
		if want := "sent to dave on " + dave.Terminal + "\n"; out.Stdout != want {
			t.Errorf("without root: %+v, want %q", out, want)
		}
	})
}

// TestOwnScreen: who sends to everyone from a pane does not get it in another one.

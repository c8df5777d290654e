//go:build linux

package e2e_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// prints has a user run a command on the host by ssh, and returns what it prints. It
// must succeed.
func prints(t *testing.T, h *lab.Host, user string, argv ...string) string {
	t.Helper()
	out := h.SSH(t, user, argv...)
	if out.Code != 0 {
		t.Fatalf("%s: %s: %q: %+v", h.Name, user, argv, out)
	}
	return strings.TrimSpace(out.Stdout)
}

var ttyName = regexp.MustCompile(`at</dev/(pts/\d+)>`)

// terminalHere types tty(1) where the person is, and returns the name of the
// terminal that the shell in front of them has.
func terminalHere(t *testing.T, l *lab.Login) string {
	t.Helper()
	file := fmt.Sprintf("/tmp/tty-%s-%d", l.User, time.Now().UnixNano())
	typed := time.Time{}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if time.Since(typed) > 5*time.Second { // what a program starts with may be to drop what was typed before
			l.Type(t, "tty >"+file+"\r")
			typed = time.Now()
		}
		out := l.Host.Exec(t, "", "cat", file)
		if name, ok := strings.CutPrefix(out.Stdout, "/dev/"); ok && strings.HasSuffix(name, "\n") {
			return strings.TrimSpace(name)
		}
	}
	t.Fatalf("%v: no shell answers; it shows %q", l, l.Seen())
	return ""
}

// reaches has msg send, by root or through the helper by carol, and checks which
// terminals the message went to.
func reaches(t *testing.T, h *lab.Host, user, target, text string, want ...string) {
	t.Helper()
	args := []string{"msg", "-v", target, text}
	if user != "root" {
		forget(t, h)
	}
	out := h.SSH(t, user, args...)
	lines := strings.Fields(strings.NewReplacer("sent to ", "", " on ", "@", " (detached)", "+").Replace(out.Stdout))
	slices.Sort(lines)
	slices.Sort(want)
	if out.Code != 0 || !slices.Equal(lines, want) {
		t.Errorf("%s: %s's message to %s went to %v, want %v (%+v)", h.Name, user, target, lines, want, out)
	}
}

// pane returns what a pane of the user's tmux shows.
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

// startTmux has a person start tmux with two panes beside each other, and returns
// their terminals. The one on the right is in use.
func startTmux(t *testing.T, l *lab.Login) (left, right string) {
	t.Helper()
	l.Type(t, "tmux new -s work\r")
	t.Cleanup(func() { l.Host.SSH(t, l.User, "tmux", "kill-server") })
	left = terminalHere(t, l)
	l.Type(t, "\x02%")
	for right = left; right == left; {
		right = terminalHere(t, l)
	}
	return left, right
}

// TestTmux has bob in tmux with two panes: he gets a message once, in the pane that
// he used last, and nothing is written over tmux's client.
func TestTmux(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		left, right := startTmux(t, bob)
		record(t, h, "tmux", map[string]string{"bob": right, "pts": right})
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
		bob.Type(t, "\x02\x1b[D")
		terminalHere(t, bob)
		reaches(t, h, "root", "bob", "On the left.", "bob@"+left)
		reaches(t, h, "carol", "bob", "On the left.", "bob@"+left)
		if seen := pane(t, h, "bob", left); strings.Count(seen, "| On the left.") != 2 || strings.Contains(seen, "From carol.") {
			t.Errorf("the left pane shows %q", seen)
		}
		reaches(t, h, "root", bob.Terminal, "To the client.", "bob@"+bob.Terminal)
		bob.Expect(t, "| To the client.")
	})
}

// TestDetached has bob leave tmux: his pane gets it, and the result says that nobody
// looks there; and his login does.
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

// awaitPrompt waits until the shell in front of a person takes commands.
func awaitPrompt(t *testing.T, l *lab.Login) {
	t.Helper()
	l.Type(t, "echo rea''dy\r")
	l.Expect(t, "ready\r\n$ ")
	l.Mark()
}

// TestScreen is GNU screen with two windows.
func TestScreen(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		// What the package's service does at boot, where there are services.
		h.Run(t, "install", "-d", "-m", "1777", "/run/screen")
		h.Exec(t, "startup_message off\n", "sh", "-c", "cat >/home/bob/.screenrc")
		bob := h.Login(t, "bob")
		bob.Type(t, "screen\r")
		t.Cleanup(func() { h.SSH(t, "bob", "screen", "-X", "quit") })
		first := terminalHere(t, bob)
		bob.Type(t, "msg mesg y\r\x01c") // the screen of Debian 13 opens windows with messages off
		second := first
		for second == first {
			second = terminalHere(t, bob)
		}
		bob.Type(t, "msg mesg y\r")
		terminalHere(t, bob)
		record(t, h, "screen", map[string]string{"bob": second})
		bob.Mark()
		reaches(t, h, "root", "bob", "Lunch at one?", "bob@"+second)
		reaches(t, h, "carol", "bob", "From carol.", "bob@"+second)
		bob.Expect(t, "| From carol.")
		bob.Mark()
		bob.Type(t, "\x01l") // redraw
		if seen := bob.Expect(t, "| From carol."); !strings.Contains(seen, "| Lunch at one?") || strings.Count(seen, "Message from ") != 2 {
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

// TestScript has alice in script(1), which gives her a terminal within hers.
func TestScript(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		alice.Type(t, "script -q /dev/null\r")
		inner := terminalHere(t, alice)
		if inner == alice.Terminal {
			t.Fatalf("script gives no terminal but %s", inner)
		}
		alice.Mark()
		record(t, h, "script", map[string]string{"alice": alice.Terminal})
		reaches(t, h, "root", "alice", "Once.", "alice@"+alice.Terminal)
		reaches(t, h, "carol", "alice", "Once more.", "alice@"+alice.Terminal)
		got(t, alice, "Once.", "Once more.")
		reaches(t, h, "root", inner, "Within.", "alice@"+inner)
		alice.Expect(t, "| Within.")
		reaches(t, h, "root", alice.Terminal, "Without.", "alice@"+alice.Terminal)
		alice.Type(t, "msg '*' 'Not to myself.'; echo sta''tus $?\r")
		if seen := alice.Expect(t, "status "); strings.Contains(seen, "| Not to") {
			t.Errorf("alice saw %q", seen)
		}
	})
}

// TestSudoShell has dave become root, by sudo's terminal within his: his messages
// come to the outer one, root's to the inner one, and those to everyone once.
func TestSudoShell(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dave := h.Login(t, "dave")
		dave.Type(t, "sudo -i\r")
		dave.Expect(t, "# ")
		inner := terminalHere(t, dave)
		dave.Type(t, "msg mesg y\r") // Debian 12 has mesg n in root's .profile
		if inner == dave.Terminal {
			t.Fatalf("sudo gives no terminal but %s", inner)
		}
		dave.Mark()
		record(t, h, "sudo", map[string]string{"dave": dave.Terminal, "root": inner, "dave root": dave.Terminal})
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "dave", "To dave.", "dave@"+dave.Terminal)
			reaches(t, h, user, "root", "To root.", "root@"+inner)
			reaches(t, h, user, "root,dave", "To both.", "dave@"+dave.Terminal)
		}
		reaches(t, h, "root", "*", "To all.", "dave@"+dave.Terminal)
		got(t, dave, "To dave.", "To root.", "To both.", "To dave.", "To root.", "To both.", "To all.")
		if out := h.Exec(t, "", "msg", "-x", "dave", "*", "A surprise for dave."); out.Code != 0 {
			t.Errorf("to everyone but dave: %+v", out)
		}
		got(t, dave)
		reaches(t, h, "root", "tty:"+inner, "Named.", "root@"+inner)
		dave.Mark()
		dave.Type(t, "msg '*' 'From root.'\r")
		awaitPromptOfRoot(t, dave)
		if seen := dave.Seen(); strings.Contains(seen, "| From root.") {
			t.Errorf("dave saw %q", seen)
		}
		out := h.SSH(t, "root", "msg", "-v", "-a", "dave,root", "Everywhere.")
		for _, want := range []string{"dave on " + dave.Terminal, "root on " + inner} {
			if !strings.Contains(out.Stdout, "sent to "+want+"\n") {
				t.Errorf("to all terminals: %+v, want %q", out, want)
			}
		}
	})
}

func awaitPromptOfRoot(t *testing.T, l *lab.Login) {
	t.Helper()
	l.Type(t, "echo rea''dy\r")
	l.Expect(t, "ready\r\n# ")
}

// TestUnregistered has a terminal that nothing registers, under a process without
// one, as an editor opens it at the end of an ssh without a terminal.
func TestUnregistered(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		cmd := h.SSHCommand(t.Context(), "alice", "sh", "-c", "exec script -qc 'echo \"at<$(tty)>\"; exec sleep 1000' /dev/null")
		var screen lockedBuffer
		cmd.Stdout = &screen
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		found := screen.await(t, ttyName)
		defer func() {
			_ = cmd.Process.Kill()
			_ = cmd.Wait()
			h.Run(t, "sh", "-c", "pkill -u alice -x script; until [ ! -e /dev/"+found[1]+" ]; do sleep 0.05; done")
		}()
		record(t, h, "editor", map[string]string{"alice": found[1]})
		reaches(t, h, "root", "alice", "Hello, editor.", "alice@"+found[1])
		reaches(t, h, "carol", "alice", "From carol.", "alice@"+found[1])
		screen.await(t, regexp.MustCompile(`\| Hello, editor\.`))
		screen.await(t, regexp.MustCompile(`\| From carol\.`))
	})
}

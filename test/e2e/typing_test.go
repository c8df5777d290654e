//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

// TestTyping has root type the message at a terminal, line by line, until Ctrl-D. Before
// the first line, Ctrl-C sends nothing.
func TestTyping(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		root, alice := h.Login(t, "root"), h.Login(t, "alice")
		root.Type(t, "msg dave\r")
		root.Expect(t, "msg: dave: not logged in\r\n") // before anything was typed
		root.Type(t, "msg '*' -x alice\r")
		root.Expect(t, "nobody to send to\r\n")
		root.Type(t, "msg alice\r")
		root.Expect(t, "Ctrl-D")
		root.Mark() // the prompt that comes is the next one
		root.Type(t, "\x03")
		root.Expect(t, "# ")
		got(t, alice)

		root.Mark()
		root.Type(t, "msg alice; echo status $?\r")
		root.Expect(t, "Ctrl-D")
		root.Type(t, "\rTyped, line\r")
		if seen := alice.Expect(t, "| Typed, line"); !strings.Contains(seen, "\r\nMessage from root@"+h.Name+" on "+root.Terminal+" at ") {
			t.Errorf("alice saw %q", seen)
		}
		root.Type(t, "by line.\r\r\x04")
		root.Expect(t, "sent to alice on "+alice.Terminal+"\r\nstatus 0\r\n")
		alice.Expect(t, "\r\nEOF  ")
		got(t, alice, "Typed, line", "by line."+strings.Repeat(" ", 63)+"(root)", strings.Repeat(" ", 71)+"(root)")

		// Ctrl-C ends it, too, and who reads is told.
		root.Mark()
		root.Type(t, "msg alice; echo status $?\r")
		root.Expect(t, "Ctrl-D")
		root.Type(t, "Half\r")
		alice.Expect(t, "| Half")
		root.Type(t, "of it\x03")
		root.Expect(t, "status 130\r\n")
		alice.Expect(t, "\r\nEOF  ")
		got(t, alice, "Half")
	})
}

// TestTypedInVain: what carol has typed ahead, of a message that does not go out, is not
// taken for commands by her shell.
func TestTypedInVain(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 1\nburst = 0\n' >/etc/msg/msg.toml")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
		carol, bob := h.Login(t, "carol"), h.Login(t, "bob")
		if out := says(t, h, "carol", "bob", "All that she may send in a minute."); out.Code != 0 {
			t.Fatal(out)
		}
		bob.Sync(t)
		bob.Mark()
		carol.Type(t, "msg bob; echo status $?\r")
		carol.Expect(t, "Ctrl-D")
		carol.Type(t, "The plan:\rtouch /tmp/in-vain\r")
		carol.Expect(t, "too many messages")
		carol.Expect(t, "status 1\r\n")
		awaitPrompt(t, carol)
		if h.Exec(t, "", "test", "-e", "/tmp/in-vain").Code == 0 {
			t.Errorf("%s: it was: %q", h.Name, carol.Seen())
		}
		got(t, bob)
	})
}

// TestTypedAndGivenUp: a line that waits, because carol has typed too many, does not come
// when she gives up, and she is told so; here, and from another host.
func TestTypedAndGivenUp(t *testing.T) {
	onHosts(t)
	to := lab.D13
	to.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 1\nburst = 1\n' >/etc/msg/msg.toml")
	t.Cleanup(func() { to.Run(t, "rm", "-rf", "/etc/msg") })
	bob := to.Login(t, "bob")
	for _, from := range []*lab.Host{to, lab.D12} {
		forget(t, to)
		bob.Mark()
		carol := from.Login(t, "carol")
		carol.Type(t, "msg bob@d13; echo status $?\r")
		carol.Expect(t, "Ctrl-D")
		carol.Type(t, "One.\r")
		bob.Expect(t, "| One.")
		carol.Type(t, "Two.\r")
		bob.Expect(t, "| Two.")
		carol.Type(t, "Three.\r")
		carol.Expect(t, "too many lines; the next one waits for ")
		carol.Type(t, "half")
		carol.Expect(t, "half")
		carol.Type(t, "\x03")
		carol.Expect(t, "^C\r\nmsg: d13: bob on "+bob.Terminal+": interrupted before the last line, after 2 lines\r\nstatus 130\r\n")
		bob.Expect(t, "\r\nEOF  ")
		if seen := bob.Sync(t); strings.Contains(seen, "Three") {
			t.Errorf("bob saw %q", seen)
		}
		carol.Close(t)
	}
}

// TestInterrupted has root give up a held terminal with Ctrl-C: what was
// reached and what was not is told.
func TestInterrupted(t *testing.T) {
	h := lab.D13
	install(t, h)
	root, alice, bob := h.Login(t, "root"), h.Login(t, "alice"), h.Login(t, "bob")
	bob.Hold(t)
	root.Type(t, "msg -v -t 1h alice,bob hi; echo status $?\r")
	alice.Expect(t, "| hi")
	root.Expect(t, "sent to alice on "+alice.Terminal+"\r\n")
	root.Expect(t, "msg: bob on "+bob.Terminal+" takes no output; waiting (Ctrl-C ends it)\r\n")
	root.Type(t, "\x03")
	root.Expect(t, "msg: bob on "+bob.Terminal+": interrupted: nothing was written\r\n")
	root.Type(t, "echo status $?\r")
	root.Expect(t, "status 130\r\n")
	bob.Release(t)
	got(t, bob)
}

// TestReadersWidth has the same message fit each reader's own window.
func TestReadersWidth(t *testing.T) {
	h := lab.D13
	install(t, h)
	narrow := h.LoginWith(t, lab.LoginOptions{User: "alice", Rows: 24, Cols: 30})
	wide := h.LoginWith(t, lab.LoginOptions{User: "bob", Rows: 24, Cols: 120})
	send(t, h, "alice,bob", "The build host reboots at five; save what you have.")
	got(t, wide, "The build host reboots at five; save what you have.")
	seen := narrow.Sync(t)
	for row := range strings.SplitSeq(seen, "\n") {
		if len(strings.TrimRight(row, "\r")) > 29 {
			t.Errorf("%q is wider than 29 columns", row)
		}
	}
	got(t, narrow, "The build host reboots at", "five; save what you have.")
}

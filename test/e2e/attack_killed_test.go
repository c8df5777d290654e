//go:build linux

package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"msg/test/lab"
)

// Nobody but root can kill a process of msgd, and the kernel does if memory runs out. These tests
// hold what is true then: no terminal gets a message twice, nothing is left in /run/msg, and the
// sender is told what is not known.

// roles are the processes of msgd, by name.
var roles = []string{"msgd-judge", "msgd-monitor", "msgd"}

// TestKilledWriting kills a process of msgd after dave has the message, while bob's terminal takes
// no output.
func TestKilledWriting(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		often(t, h)
		for _, role := range roles {
			alice, bob, dave := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "dave")
			bob.Hold(t)
			alice.Type(t, "msg -t 60 bob,dave 'Once.'; echo status $?\r")
			alice.Expect(t, "waiting (Ctrl-C ends it)\r\n")
			kill(t, h, role)
			if role == "msgd-judge" {
				alice.Expect(t, "whether all have the message is not") // its last word is on the next row
				alice.Expect(t, "status 1\r\n")
				bob.Release(t)
				got(t, bob)
			} else {
				bob.Release(t)
				alice.Expect(t, "status 0\r\n")
				got(t, bob, "Once.")
			}
			got(t, dave, "Once.")
			isWhole(t, h, role)
			alice.Close(t)
			bob.Close(t)
			dave.Close(t)
		}
	})
}

// kill kills the process of that name, and waits until it is gone.
func kill(t *testing.T, h *lab.Host, role string) {
	t.Helper()
	pid := awaitOn(t, h, "pgrep -o -x "+role)
	h.Run(t, "kill", "-KILL", pid)
	awaitOn(t, h, "test ! -e /proc/"+pid+" && echo gone")
}

// isWhole checks that messages go out again after a process was killed, and that nothing is left.
func isWhole(t *testing.T, h *lab.Host, role string) {
	t.Helper()
	if role == "msgd" && !h.Logind { // systemd does that by itself
		h.Run(t, "/etc/init.d/msgd", "start")
		awaitOn(t, h, "pgrep -o -x msgd")
		awaitOn(t, h, "msg doctor --json 2>/dev/null | grep -c answer; echo so")
	}
	bob := h.Login(t, "bob")
	if out := says(t, h, "dave", "bob", "The next one."); out != (lab.Output{}) {
		t.Errorf("%s: after %s was killed: %+v", h.Name, role, out)
	}
	bob.Expect(t, "| The next one.")
	bob.Close(t)
	gone(t, h)
	none(t, h)
}

// TestKilledAnswers kills a process of msgd while a message waits for bob's answer.
func TestKilledAnswers(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		often(t, h)
		for _, role := range roles {
			alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
			alice.Type(t, "msg --wait -t 60 bob 'Restart?'; echo status $?\r")
			code := codeOf(t, bob)
			alice.Expect(t, "waiting for 1 of 1: bob")
			kill(t, h, role)
			bob.Type(t, "msg ok "+code+"; echo status $?\r")
			if role == "msgd-judge" {
				bob.Expect(t, "msg: nobody waits for an answer to "+code+" any more\r\nstatus 1\r\n")
				alice.Expect(t, "status 1\r\n")
			} else {
				bob.Expect(t, "status 0\r\n")
				alice.Expect(t, "bob on "+bob.Terminal+": ok (")
				alice.Expect(t, "status 0\r\n")
			}
			alice.Close(t)
			bob.Close(t)
			isWhole(t, h, role)
		}
	})
}

// TestRestartWaiting restarts msgd while a message waits. Bob's answer to it arrives, and new
// messages go by the new msgd meanwhile.
func TestRestartWaiting(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		often(t, h)
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		alice.Type(t, "msg --wait -t 60 bob 'Restart?'; echo status $?\r")
		code := codeOf(t, bob)
		alice.Expect(t, "waiting for 1 of 1: bob")
		before := awaitOn(t, h, "pgrep -o -x msgd")
		if h.Logind {
			h.Run(t, "systemctl", "restart", "msgd.service")
		} else {
			h.Run(t, "/etc/init.d/msgd", "restart")
		}
		if after := awaitOn(t, h, "pgrep -x msgd | grep -vx "+before+" | head -n 1"); !regexp.MustCompile(`^\d+$`).MatchString(after) {
			t.Errorf("%s: msgd was %s and is %s", h.Name, before, after)
		}
		bob.Mark()
		if out := says(t, h, "dave", "bob", "Meanwhile."); out != (lab.Output{}) {
			t.Errorf("%s: %+v", h.Name, out)
		}
		bob.Expect(t, "| Meanwhile.")
		bob.Type(t, "msg ok "+code+"; echo status $?\r")
		bob.Expect(t, "status 0\r\n")
		if seen := alice.Expect(t, "status 0\r\n"); !strings.Contains(seen, "bob on "+bob.Terminal+": ok (") {
			t.Errorf("%s: alice saw %q", h.Name, seen)
		}
		gone(t, h)
		none(t, h)
	})
}

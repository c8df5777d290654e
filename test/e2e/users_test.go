//go:build linux

package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"msg/test/lab"
)

// says has a user run msg by ssh, and returns what became of it.
func says(t *testing.T, h *lab.Host, user string, args ...string) lab.Output {
	t.Helper()
	return h.SSH(t, user, append([]string{"msg"}, args...)...)
}

// forget clears the counts, so that no test has another's messages counted.
func forget(t testing.TB, h *lab.Host) {
	t.Helper()
	h.Run(t, "sh", "-c", "rm -f /run/msg/rate/*")
}

// TestAnyoneReachesAnyone has carol, who is nobody special, send to bob, from a
// terminal and without one.
func TestAnyoneReachesAnyone(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		carol, bob := h.Login(t, "carol"), h.Login(t, "bob")
		if out := says(t, h, "carol", "bob", "Lunch at one?"); out != (lab.Output{}) {
			t.Errorf("without a terminal: %+v", out)
		}
		if seen := bob.Sync(t); !strings.Contains(seen, "\r\nMessage from carol@"+h.Name+" at ") {
			t.Errorf("bob saw %q", seen)
		}
		got(t, bob, "Lunch at one?")
		carol.Type(t, "msg bob 'The place at the corner.'; echo status $?\r")
		if seen := carol.Expect(t, "status 0\r\n"); !strings.Contains(seen, "sent to bob on "+bob.Terminal+"\r\n") {
			t.Errorf("carol saw %q", seen)
		}
		if seen := bob.Sync(t); !strings.Contains(seen, "\r\nMessage from carol@"+h.Name+" on "+carol.Terminal+" at ") {
			t.Errorf("bob saw %q", seen)
		}
		got(t, bob, "The place at the corner.")
	})
}

// TestMesg has bob switch his messages off, by msg itself and, where there is one, by
// the system's mesg(1).
func TestMesg(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		programs := []string{"msg mesg"}
		if h.Exec(t, "", "sh", "-c", "command -v mesg").Code == 0 {
			programs = append(programs, "mesg")
		}
		if len(programs) == 1 && h != lab.D13 && h != lab.SID {
			t.Errorf("%s has no mesg", h.Name)
		}
		for _, mesg := range programs {
			bob.Type(t, mesg+" n; echo status $?\r")
			bob.Expect(t, "status 1\r\n")
			bob.Mark()
			out := says(t, h, "carol", "bob", "hi")
			want := "msg: bob on " + bob.Terminal + ": messages are off\nhint: they can type \"msg mesg y\"; root reaches those, too\n"
			if out.Code != 1 || out.Stderr != want {
				t.Errorf("carol: %+v, want %q", out, want)
			}
			got(t, bob)
			fails(t, h, 1, "messages are off", "--polite", "bob", "hi")
			got(t, bob)
			send(t, h, "bob", "From root.")
			got(t, bob, "From root.")
			bob.Type(t, mesg+" y; echo status $?\r")
			bob.Expect(t, "status 0\r\n")
			bob.Mark()
			if out := says(t, h, "carol", "bob", "hi"); out != (lab.Output{}) {
				t.Errorf("with messages on again: %+v", out)
			}
			got(t, bob, "hi")
		}
	})
}

// TestBroadcast: not carol, who is in no such group, but dave, who may become
// root, sends to everyone.
func TestBroadcast(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		out := says(t, h, "carol", "*", "hi")
		want := "msg: *: only root, %sudo, %wheel and %adm may send to everyone\nhint: "
		if out.Code != 1 || !strings.HasPrefix(out.Stderr, want) {
			t.Errorf("carol: %+v, want %q", out, want)
		}
		out = says(t, h, "carol", "--json", "*,alice", "Only alice.")
		if out.Code != 1 || !strings.Contains(out.Stdout, `"target":"*","reason":"denied"`) {
			t.Errorf("carol: %+v", out)
		}
		if seen := alice.Sync(t); !strings.Contains(seen, "\r\nMessage from carol@") {
			t.Errorf("alice saw %q", seen)
		}
		got(t, alice, "Only alice.")
		got(t, bob)
		if out := says(t, h, "dave", "*", "From dave."); out != (lab.Output{}) {
			t.Errorf("dave: %+v", out)
		}
		if seen := bob.Sync(t); !strings.Contains(seen, "\r\nBroadcast message from dave@"+h.Name+" at ") {
			t.Errorf("bob saw %q", seen)
		}
		got(t, alice, "From dave.")
		got(t, bob, "From dave.")
	})
}

// TestRate: 30 messages at once, and not the 31st; the others' and root's are not
// counted with them.
func TestRate(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		// So slow that a machine under load sends no message more than the 30 at once.
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 1\nburst = 29\n' >/etc/msg/msg.toml")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
		bob := h.Login(t, "bob")
		out := h.SSH(t, "carol", "sh", "-c", "for i in $(seq 31); do msg bob $i || echo $i: status $?; done")
		want := fmt.Sprintf("msg: bob on %s: too many messages (the next may go out in ", bob.Terminal)
		if out.Stdout != "31: status 1\n" || !strings.HasPrefix(out.Stderr, want) || strings.Count(out.Stderr, "msg: ") != 1 {
			t.Errorf("%+v, want %q", out, want)
		}
		if lines := body(bob.Sync(t)); len(lines) != 30 {
			t.Errorf("bob got %d messages", len(lines))
		}
		bob.Mark()
		if out := says(t, h, "carol", "--json", "bob", "hi"); !strings.Contains(out.Stdout, `"reason":"rate-limited"`) {
			t.Errorf("as JSON: %+v", out)
		}
		if out := says(t, h, "carol", "-N", "bob", "hi"); out.Code != 0 {
			t.Errorf("a dry run: %+v", out)
		}
		if out := says(t, h, "alice", "bob", "From alice."); out != (lab.Output{}) {
			t.Errorf("alice: %+v", out)
		}
		send(t, h, "bob", "From root.")
		got(t, bob, "From alice.", "From root.")
	})
}

// TestConfiguration has root change the rules.
func TestConfiguration(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		configure := func(mode, content string) {
			t.Helper()
			out := h.Exec(t, content, "sh", "-c", "mkdir -p /etc/msg; cat >/etc/msg/msg.toml; chmod "+mode+" /etc/msg/msg.toml")
			if out.Code != 0 {
				t.Fatal(out)
			}
		}
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
		refused := func(status int, user, want string) {
			t.Helper()
			if out := says(t, h, user, "bob", "hi"); out.Code != status || !strings.HasPrefix(out.Stderr, want) {
				t.Errorf("%s: %+v, want %q", user, out, want)
			}
			got(t, bob)
		}
		configure("644", "[policy]\nsend = ['%ops', 'alice']\nbroadcast = ['carol']\n")
		refused(1, "dave", "msg: bob: only root, %ops and alice may send messages\n")
		for _, user := range []string{"carol", "alice"} {
			if out := says(t, h, user, "bob", user); out != (lab.Output{}) {
				t.Errorf("%s: %+v", user, out)
			}
			got(t, bob, user)
		}
		if out := says(t, h, "carol", "*", "To all."); out != (lab.Output{}) {
			t.Errorf("carol to everyone: %+v", out)
		}
		got(t, bob, "To all.")
		configure("644", "[policy]\nbrodcast = ['*']\n")
		refused(2, "carol", `msg: /etc/msg/msg.toml: line 2: unknown key "policy.brodcast"`)
		configure("666", "")
		refused(2, "carol", "msg: /etc/msg/msg.toml: others than root may write to it")
		configure("600", "")
		refused(2, "carol", "msg: open /etc/msg/msg.toml: permission denied")
		configure("640", "[policy]\nsend = ['dave']\n") // msgd may read what users may not
		h.Run(t, "chgrp", "msg", "/etc/msg/msg.toml")
		if out := says(t, h, "carol", "user:bob", "hi"); out.Code != 1 || !strings.HasPrefix(out.Stderr, "msg: user:bob: only root and dave may send messages\n") {
			t.Errorf("by rules that only msgd may read: %+v", out)
		}
		got(t, bob)
		h.Run(t, "chgrp", "root", "/etc/msg/msg.toml")
		configure("644", "")
		h.Run(t, "chown", "alice", "/etc/msg/msg.toml")
		refused(2, "carol", "msg: /etc/msg/msg.toml: belongs to uid 1001; it must be root's")
		warned := "msg: /etc/msg/msg.toml: belongs to uid 1001; it must be root's (chown root); its names are left out\n"
		if out := h.Exec(t, "", "msg", "bob", "From root."); out != (lab.Output{Stderr: warned}) {
			t.Errorf("root: %+v", out)
		}
		got(t, bob, "From root.")
		send(t, h, "user:bob,*", "Without names.")
		got(t, bob, "Without names.")
		fails(t, h, 2, "belongs to uid 1001", "-x", "alice", "*", "Not to be left out.")
		got(t, bob)
	})
}

// TestWithoutCounts: without a place for counts, a message waits for its part of the minute, and
// goes out.
func TestWithoutCounts(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		carol, bob := h.Login(t, "carol"), h.Login(t, "bob")
		h.Run(t, "rm", "-r", "/run/msg/rate")
		t.Cleanup(func() { h.Run(t, "install", "-d", "-m", "700", "-o", "msg", "-g", "msg", "/run/msg/rate") })
		carol.Type(t, "msg bob one & msg bob two; wait; echo do''ne\r")
		seen := strings.ReplaceAll(carol.Expect(t, "done\r\n"), "\r\n  ", " ") // long lines break
		for _, want := range []string{"sent to bob on " + bob.Terminal, "/run/msg/rate: no such file or directory; so each message waits for 3s", "another message of yours"} {
			if !strings.Contains(seen, want) {
				t.Errorf("carol saw %q without %q", seen, want)
			}
		}
		if lines := body(bob.Sync(t)); len(lines) != 1 {
			t.Errorf("bob got %q", lines)
		}
	})
}

// TestNoDoor: without a door, and with one that nobody listens at, everybody still reaches their own
// terminals, and is told what is missing. A door that is closed to a user says so.
func TestNoDoor(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		carol, bob := h.Login(t, "carol"), h.Login(t, "bob")
		nobody := func(when string) {
			t.Helper()
			if out := says(t, h, "carol", "carol", "A note to myself."); out != (lab.Output{}) {
				t.Errorf("%s: to herself: %+v", when, out)
			}
			got(t, carol, "A note to myself.")
			out := says(t, h, "carol", "bob", "hi")
			whole := "msg: bob on " + bob.Terminal + ": msgd, which may write there, does not run\nhint: as root, \"make install\" in msg's source, or msg's package, installs it; "
			if out.Code != 1 || !strings.HasPrefix(out.Stderr, whole) {
				t.Errorf("%s: to bob: %+v, want %q", when, out, whole)
			}
			if out := says(t, h, "carol", "--wait", "bob", "hi"); out.Code == 0 || !strings.Contains(out.Stderr, "msgd, which waits for answers, does not run") {
				t.Errorf("%s: waiting: %+v", when, out)
			}
			got(t, bob)
		}
		works := func(when string) {
			t.Helper()
			if out := says(t, h, "carol", "bob", "hi"); out != (lab.Output{}) {
				t.Errorf("%s: %+v", when, out)
			}
			got(t, bob, "hi")
		}
		h.Run(t, "chmod", "600", "/run/msg/door")
		if out := says(t, h, "carol", "bob", "hi"); out.Code == 0 || !strings.Contains(out.Stderr, "/run/msg/door is closed to you") {
			t.Errorf("a closed door: %+v", out)
		}
		h.Run(t, "chmod", "666", "/run/msg/door")
		works("it is open again")

		closeDoor(t, h)
		nobody("it is closed")
		openDoor(t, h)
		works("it is open again")

		h.Run(t, "rm", "/run/msg/door")
		nobody("the door was taken away")
		reopen(t, h)
		works("it is there again")

		stale(t, h)
		nobody("the door is stale")
		reopen(t, h)
		works("it was opened over the stale one")
	})
}

// TestNoDoorUnsaid: where terminals begin without rights for others and msgd is not there, msg says
// that msgd is missing and not that bob has messages off, which he has not said. His own he reaches.
func TestNoDoorUnsaid(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		for _, s := range seats {
			if s.name != "tmux" && s.name != "script" {
				continue
			}
			t.Run(s.name, func(t *testing.T) {
				forget(t, h)
				terminal, shows := s.take(t, h)
				closeDoor(t, h)
				t.Cleanup(func() { openDoor(t, h) })
				out := says(t, h, "carol", "bob", "hi")
				want := "msg: bob on " + terminal + ": msgd, which may write there, does not run\n"
				if out.Code != 1 || !strings.Contains(out.Stderr, want) || strings.Contains(out.Stderr, "messages are off") {
					t.Errorf("%+v, want %q", out, want)
				}
				text := "A note to myself in " + s.name + "."
				if out := says(t, h, "bob", "bob", text); out != (lab.Output{}) {
					t.Errorf("to himself: %+v", out)
				}
				shows(t, "| "+text)
			})
		}
	})
}

// reopen is what root does if something is wrong with the door.
func reopen(t *testing.T, h *lab.Host) {
	t.Helper()
	closeDoor(t, h)
	openDoor(t, h)
}

// stale leaves a door that nobody listens at.
func stale(t *testing.T, h *lab.Host) {
	t.Helper()
	if h.Logind {
		closeDoor(t, h)
	} else {
		h.Run(t, "sh", "-c", "pkill -KILL -x msgd; while pgrep -x msgd; do sleep 0.05; done")
	}
	h.Run(t, "test", "-S", "/run/msg/door")
}

// TestGivingUp: Ctrl-C ends the waiting for a held terminal, and says what was
// not reached; a judge whose msg was killed does not wait on by itself.
func TestGivingUp(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		carol, bob := h.Login(t, "carol"), h.Login(t, "bob")
		bob.Hold(t)
		carol.Type(t, "msg -t 10m bob hi; echo status $?\r")
		carol.Expect(t, "msg: bob on "+bob.Terminal+" takes no output; waiting (Ctrl-C ends it)\r\n")
		carol.Type(t, "\x03")
		carol.Expect(t, "msg: bob on "+bob.Terminal+": interrupted: nothing was written\r\nstatus 130\r\n")
		carol.Mark()
		// Without --foreground, it sends two signals. A second one ends msg at once.
		carol.Type(t, "timeout --foreground 2 msg -t 10m bob hi; echo status $?\r")
		carol.Expect(t, "msg: bob on "+bob.Terminal+": interrupted: nothing was written\r\nstatus 124\r\n")
		carol.Mark()
		carol.Type(t, "msg -t 10m bob hi\r")
		carol.Expect(t, "waiting (Ctrl-C ends it)\r\n")
		h.Run(t, "pkill", "-KILL", "-x", "msg")
		h.Run(t, "sh", "-c", "for i in $(seq 300); do pgrep -x msgd-judge >/dev/null || exit 0; sleep 0.1; done; exit 1")
		bob.Release(t)
		got(t, bob)
	})
}

//go:build linux

package e2e_test

import (
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// comes checks that a user's message comes to bob, or that he is said to want none.
func comes(t *testing.T, h *lab.Host, user string, bob *lab.Login, text string, on bool) {
	t.Helper()
	out := says(t, h, user, "bob", text)
	if !on {
		if out.Code != 1 || !strings.HasPrefix(out.Stderr, "msg: bob on "+bob.Terminal+": messages are off") {
			t.Errorf("%s: %s sends %q: %+v", h.Name, user, text, out)
		}
		got(t, bob)
		return
	}
	if out != (lab.Output{}) {
		t.Errorf("%s: %s sends %q: %+v", h.Name, user, text, out)
	}
	got(t, bob, text)
}

// sayEverywhere has bob say something for all of his terminals.
func sayEverywhere(t *testing.T, h *lab.Host, args ...string) {
	t.Helper()
	if out := says(t, h, "bob", append([]string{"mesg", "--everywhere"}, args...)...); out.Code != 0 {
		t.Fatalf("%s: %q: %+v", h.Name, args, out)
	}
}

// TestConsentOnATerminal: a person's no holds for everybody but root, whether msg mesg says it or
// mesg in a .profile.
func TestConsentOnATerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		bob.Type(t, "msg mesg n; echo said\r")
		bob.Expect(t, "said\r\n")
		bob.Mark()
		comes(t, h, "carol", bob, "Off.", false)
		send(t, h, "bob", "Root's.")
		got(t, bob, "Root's.")
		fails(t, h, 1, "messages are off", "--polite", "bob", "Politely.")
		bob.Type(t, "msg mesg y; echo said\r")
		bob.Expect(t, "said\r\n")
		bob.Mark()
		comes(t, h, "carol", bob, "On.", true)

		// Debian 13 has mesg in a package of its own; this is what it does.
		h.Run(t, "sh", "-c", `echo 'if command -v mesg >/dev/null; then mesg n; else chmod g-w "$(tty)"; fi' >/home/bob/.profile`)
		t.Cleanup(func() { h.Run(t, "rm", "-f", "/home/bob/.profile") })
		later := h.Login(t, "bob")
		bob.Close(t)
		comes(t, h, "carol", later, "In a profile.", false)
		send(t, h, "bob", "Root's again.")
		got(t, later, "Root's again.")
	})
}

// TestConsentEverywhere: what bob says for all of his terminals lets in whom he names, ends when
// he says so, and holds after a reboot.
func TestConsentEverywhere(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		t.Cleanup(func() { sayEverywhere(t, h, "default") })
		sayEverywhere(t, h, "alice")
		comes(t, h, "alice", bob, "Let in.", true)
		comes(t, h, "carol", bob, "Not let in.", false)
		sayEverywhere(t, h, "%ops")
		comes(t, h, "carol", bob, "By her group.", true)
		comes(t, h, "alice", bob, "Not any more.", false)
		send(t, h, "bob", "Root's.")
		got(t, bob, "Root's.")
		sayEverywhere(t, h, "n", "--for", "10s")
		said := time.Now()
		comes(t, h, "carol", bob, "For a while.", false)
		time.Sleep(time.Until(said.Add(11 * time.Second))) // to whole seconds, and one more
		comes(t, h, "carol", bob, "It has ended.", true)
		sayEverywhere(t, h, "n", "--for", "2s")
		time.Sleep(4 * time.Second)
		comes(t, h, "carol", bob, "Two seconds are over.", true)
		sayEverywhere(t, h, "n")
		forget(t, h)
		h.Reboot(t)
		again := h.Login(t, "bob")
		comes(t, h, "carol", again, "After a reboot.", false)
		if out := says(t, h, "bob", "mesg", "--everywhere", "y"); out.Code != 0 {
			t.Errorf("%+v", out)
		}
		comes(t, h, "carol", again, "Yes.", true)
		if mode := h.Run(t, "sh", "-c", "stat -c '%a %U' /var/lib/msg /var/lib/msg/consent /var/lib/msg/consent/1002").Stdout; mode != "700 msg\n700 msg\n600 msg\n" {
			t.Errorf("%s: kept as %q", h.Name, mode)
		}
		again.Close(t)
	})
}

// TestUnsaidOff: where a site has it so, nobody is reached who has said nothing, but on the
// terminals that sshd switches on. The sender hears what there is to do.
func TestUnsaidOff(t *testing.T) {
	for _, h := range []*lab.Host{lab.D13, lab.SID} {
		install(t, h)
		forget(t, h)
		configure(t, h, "[messages]\nunsaid = \"off\"\n")
		bob := h.Login(t, "bob")
		comes(t, h, "carol", bob, "Over ssh.", true)
		bob.Type(t, "tmux\r")
		pane := terminalNot(t, bob, bob.Terminal)
		out := says(t, h, "carol", pane, "In tmux.")
		if out.Code != 1 || !strings.HasPrefix(out.Stderr, "msg: bob on "+pane+": messages are off") || !strings.Contains(out.Stderr, "msg mesg y") {
			t.Errorf("%s: %+v", h.Name, out)
		}
		bob.Type(t, "msg mesg y; msg mesg\r")
		bob.Expect(t, "messages are on here")
		if out := says(t, h, "carol", pane, "He said yes."); out != (lab.Output{}) {
			t.Errorf("%s: %+v", h.Name, out)
		}
		bob.Expect(t, "| He said yes.")
		h.SSH(t, "bob", "tmux", "kill-server")
		bob.Close(t)
	}
}

// TestOuterTerminal: who has messages off in a pane still gets them on the terminal that shows
// it.
func TestOuterTerminal(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		bob.Type(t, "tmux\r")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		pane := terminalNot(t, bob, bob.Terminal)
		bob.Type(t, "msg mesg n; msg mesg\r")
		bob.Expect(t, "messages are off here")
		out := says(t, h, "carol", "-v", "bob", "Around the pane.")
		if out.Code != 0 || !strings.HasPrefix(out.Stdout, "sent to bob on "+bob.Terminal) {
			t.Errorf("%s: pane %s: %+v", h.Name, pane, out)
		}
		bob.Expect(t, "| Around the pane.")
	})
}

// TestRootWithoutCapability: root's own msg, in a process that may not open others' terminals,
// has msgd deliver, as root.
func TestRootWithoutCapability(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		bob.Type(t, "msg mesg n; echo said\r")
		bob.Expect(t, "said\r\n")
		bob.Mark()
		out := h.Exec(t, "", "setpriv", "--bounding-set", "-dac_override", "--inh-caps", "-all", "msg", "bob", "By the door.")
		if out != (lab.Output{}) {
			t.Errorf("%s: %+v", h.Name, out)
		}
		if seen := bob.Sync(t); !strings.Contains(seen, "\r\nMessage from root@"+h.Name+" at ") {
			t.Errorf("%s: bob saw %q", h.Name, seen)
		}
		got(t, bob, "By the door.")
	})
}

// TestServicesThatBroadcast: the account of upsmon may send to everyone, and so may a service
// that root names; no other service may, nor one that runs as a person.
func TestServicesThatBroadcast(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13, lab.SID} {
		install(t, h)
		forget(t, h)
		bob := h.Login(t, "bob")
		h.Run(t, "sh", "-c", "id nut 2>/dev/null || useradd --system nut")
		if out := h.Unit(t, []string{"User=nut"}, "/usr/local/bin/msg", "*", "On battery."); out != (lab.Output{}) {
			t.Errorf("%s: nut: %+v", h.Name, out)
		}
		got(t, bob, "On battery.")
		configure(t, h, "[policy]\nbroadcast = [\"unit:warns.service\"]\n[rate]\nper_minute = 1000\n")
		for _, c := range []struct {
			unit, property string
			may            bool
		}{
			{"warns", "User=nut", true},
			{"warns", "DynamicUser=yes", true},
			{"warns", "User=carol", false},
			{"other", "User=nut", false},
		} {
			out := h.Exec(t, "", "systemd-run", "--quiet", "--wait", "--pipe", "--collect", "--unit="+c.unit, "--property="+c.property, "/usr/local/bin/msg", "*", c.property)
			if (out == lab.Output{}) != c.may {
				t.Errorf("%s: %+v: %+v", h.Name, c, out)
			}
			if c.may {
				got(t, bob, c.property)
			} else {
				got(t, bob)
			}
		}
		bob.Close(t)
	}
}

// TestNothingIsLeftRunning: a minute after the last message there is no process of msgd, and the
// next message finds it all the same.
func TestNothingIsLeftRunning(t *testing.T) {
	hosts := []*lab.Host{lab.D12, lab.D13, lab.SID}
	atOnce(t, hosts, func(t *testing.T, h *lab.Host) {
		forget(t, h)
		bob := h.Login(t, "bob")
		comes(t, h, "carol", bob, "The last for a while.", true)
		for begun := time.Now(); h.Exec(t, "", "pgrep", "^msgd").Code == 0; time.Sleep(time.Second) {
			if time.Since(begun) > 90*time.Second {
				t.Fatalf("%s: %s", h.Name, h.Run(t, "pgrep", "-a", "^msgd").Stdout)
			}
		}
		if state := h.Run(t, "sh", "-c", "systemctl is-active msg.socket; systemctl is-active msgd.service || true").Stdout; state != "active\ninactive\n" {
			t.Errorf("%s: %q", h.Name, state)
		}
		comes(t, h, "carol", bob, "The next one.", true)
	})
}

// configure writes the system's configuration, for as long as the test runs.
func configure(t *testing.T, h *lab.Host, content string) {
	t.Helper()
	if out := h.Exec(t, content, "sh", "-c", "mkdir -p /etc/msg; cat >/etc/msg/msg.toml"); out.Code != 0 {
		t.Fatalf("%s: %+v", h.Name, out)
	}
	t.Cleanup(func() { h.Run(t, "rm", "-r", "/etc/msg") })
}

//go:build linux

package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"msg/test/lab"
)

// TestMsgExe types msg.exe's command lines: whom, where, how long, and waiting for an answer.
func TestMsgExe(t *testing.T) {
	onHosts(t)
	atOnce(t, []*lab.Host{lab.D12, lab.D13}, func(t *testing.T, h *lab.Host) {
		other := map[*lab.Host]*lab.Host{lab.D12: lab.D13, lab.D13: lab.D12}[h]
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		for _, step := range []struct {
			run        string
			alice, bob bool
		}{
			{"msg bob Lunch at one?", false, true},
			{"msg bob /time:60 Lunch at one?", false, true},
			{"msg bob /TIME:60 Lunch at one?", false, true},
			{"msg " + bob.Session + " Lunch at one?", false, true},
			{"msg '*' Lunch at one?", true, true},
			{"msg /users Lunch at one?", true, true},
			{"echo Lunch at one? | msg bob", false, true},
			{"printf 'alice\nbob\n' >/tmp/people; msg @/tmp/people Lunch at one?; status=$?; rm /tmp/people; exit $status", true, true},
			{"msg bob /server:localhost Lunch at one?", false, true},
			{"msg bob /domain:here Lunch at one?", false, true},
			{"msg net send bob Lunch at one?", false, true},
			{"msg net SEND '*' Lunch at one?", true, true},
			{"msg net send /users Lunch at one?", true, true},
			{"msg net send /domain:here Lunch at one?", true, true},
			{"msg net send /domain Lunch at one?", true, true},
			{"msg net send /DOMAIN Lunch at one?", true, true},
		} {
			config := "mkdir -p ~/.config/msg; printf '[domains]\nhere = \"localhost\"\n' >~/.config/msg/msg.toml; "
			out := h.Exec(t, "", "sh", "-c", "export HOME=/tmp/windows; "+config+step.run)
			if out != (lab.Output{}) {
				t.Errorf("%s: %+v", step.run, out)
			}
			for l, want := range map[*lab.Login]bool{alice: step.alice, bob: step.bob} {
				if want {
					got(t, l, "Lunch at one?")
				} else {
					got(t, l)
				}
			}
		}
		h.Run(t, "rm", "-r", "/tmp/windows")

		w := waits(t, other, "root", "bob", "/server:"+h.Name, "/time:60", "/v", "/w", "Restart?")
		code := codeOf(t, bob)
		bob.Type(t, "msg ok "+code+"\r")
		out := w.ends(t)
		want := fmt.Sprintf("bob on %s at %s: ok (", bob.Terminal, h.Name)
		if out.Code != 0 || !strings.Contains(out.Stdout, want) || !strings.Contains(out.Stdout, "sent to bob on "+bob.Terminal) {
			t.Errorf("%+v, want %q", out, want)
		}
		none(t, h)
	})
}

// TestAliases: one's own come before the system's, which come before a user of that name; they
// lead to other hosts, and are the sender's.
func TestAliases(t *testing.T) {
	onHosts(t)
	h := lab.D12
	alice, bob, away := h.Login(t, "alice"), h.Login(t, "bob"), lab.D13.Login(t, "bob")
	t.Cleanup(func() {
		h.Run(t, "rm", "-rf", "/etc/msg")
		h.Run(t, "sh", "-c", "rm -rf ~carol/.config/msg")
	})
	h.Run(t, "msg", "name", "--system", "--add", "team", "alice,bob@d13")
	h.Run(t, "msg", "name", "--system", "--add", "dave", "bob")
	if out := says(t, h, "carol", "team", "Of the system."); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	got(t, alice, "Of the system.")
	got(t, bob)
	got(t, away, "Of the system.")
	if out := says(t, h, "carol", "dave", "Not dave."); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	got(t, bob, "Not dave.")
	if out := h.SSH(t, "carol", "msg", "name", "--add", "team", "bob"); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	if out := says(t, h, "carol", "team", "Of hers."); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	got(t, alice)
	got(t, bob, "Of hers.")
	shown := h.SSH(t, "carol", "msg", "name").Stdout
	want := "NAME  STANDS FOR     FROM\n" +
		"dave  bob            /etc/msg/msg.toml\n" +
		"team  bob            /home/carol/.config/msg/msg.toml\n" +
		"team  alice,bob@d13  /etc/msg/msg.toml (yours holds)\n"
	if shown != want {
		t.Errorf("carol's names are %q, want %q", shown, want)
	}
	if out := h.SSH(t, "carol", "msg", "name", "--system", "--delete", "team"); out.Code != 2 || !strings.HasPrefix(out.Stderr, "msg: /etc/msg") {
		t.Errorf("carol changes the system's: %+v", out)
	}
	if out := h.SSH(t, "carol", "msg", "name", "--delete", "team"); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	// On another host, the word is a user, whoever has an alias there.
	lab.D13.Run(t, "msg", "name", "--system", "--add", "bob", "dave")
	t.Cleanup(func() { lab.D13.Run(t, "rm", "-rf", "/etc/msg") })
	send(t, h, "-s", "d13", "bob", "To bob there.")
	got(t, away, "To bob there.")
}

//go:build linux

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
)

// TestMsgExe types msg.exe's and net send's command lines: whom, where, how long, and waiting for
// an answer.
func TestMsgExe(t *testing.T) {
	onHosts(t)
	h, other := lab.D12, lab.D13
	people := map[string]*lab.Login{
		"alice": h.Login(t, "alice"), "bob": h.Login(t, "bob"),
		"alice there": other.Login(t, "alice"), "bob there": other.Login(t, "bob"),
	}
	h.Run(t, "sh", "-c", "mkdir -p /tmp/windows/.config/msg; printf '[domains]\nthere = \"d13\"\n' >/tmp/windows/.config/msg/msg.toml")
	t.Cleanup(func() { h.Run(t, "rm", "-r", "/tmp/windows") })
	for run, who := range map[string]string{
		"msg bob Lunch at one?":                           "bob",
		"msg bob /time:60 Lunch at one?":                  "bob",
		"msg bob /TIME:60 Lunch at one?":                  "bob",
		"msg " + people["bob"].Session + " Lunch at one?": "bob",
		"msg '*' Lunch at one?":                           "alice, bob",
		"msg /users Lunch at one?":                        "alice, bob",
		"echo Lunch at one? | msg bob":                    "bob",
		"msg bob /server:d13 Lunch at one?":               "bob there",
		"msg '*' /domain:there /time:60 Lunch at one?":    "alice there, bob there",
		"printf 'alice\nbob\n' >/tmp/people; msg @/tmp/people Lunch at one?; status=$?; rm /tmp/people; exit $status": "alice, bob",
		"msg net send bob Lunch at one?":           "bob",
		"msg net SEND '*' Lunch at one?":           "alice, bob",
		"msg net send /users Lunch at one?":        "alice, bob",
		"msg net send /domain:there Lunch at one?": "alice there, bob there",
		"msg net send /domain Lunch at one?":       "alice there, bob there",
		"msg net send /DOMAIN Lunch at one?":       "alice there, bob there",
		"msg net send bob@d13 Lunch at one?":       "bob there",
	} {
		if out := h.Exec(t, "", "sh", "-c", "export HOME=/tmp/windows; "+run); out != (lab.Output{}) {
			t.Errorf("%s: %+v", run, out)
		}
		for name, l := range people {
			if slices.Contains(strings.Split(who, ", "), name) {
				got(t, l, "Lunch at one?")
			} else {
				got(t, l)
			}
		}
	}

	bob := people["bob"]
	w := waits(t, other, "root", "bob", "/server:"+h.Name, "/time:60", "/v", "/w", "Restart?")
	code := codeOf(t, bob)
	bob.Type(t, "msg ok "+code+"\r")
	out := w.ends(t)
	want := fmt.Sprintf("bob on %s at %s: ok (", bob.Terminal, h.Name)
	if out.Code != 0 || !strings.Contains(out.Stdout, want) || !strings.Contains(out.Stdout, "sent to bob on "+bob.Terminal) {
		t.Errorf("%+v, want %q", out, want)
	}
	none(t, h)
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
	if out := h.SSH(t, "carol", "msg", "name", "--system", "--delete", "team"); out.Code != 2 || !strings.HasPrefix(out.Stderr, "msg: the system's aliases are root's to change\n") {
		t.Errorf("carol changes the system's: %+v", out)
	}
	h.Run(t, "sh", "-c", "chgrp root ~carol/.config/msg/msg.toml") // as what root has copied there
	if out := h.SSH(t, "carol", "msg", "name", "--delete", "team"); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	// On another host, the word is a user, whoever has an alias there.
	lab.D13.Run(t, "msg", "name", "--system", "--add", "bob", "dave")
	t.Cleanup(func() { lab.D13.Run(t, "rm", "-rf", "/etc/msg") })
	send(t, h, "-s", "d13", "bob", "To bob there.")
	got(t, away, "To bob there.")
}

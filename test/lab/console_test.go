//go:build linux

package lab_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

// TestConsole holds that a console is a real one, at which login(1) has made
// bob the owner. TTYPERM, in login.defs of all these releases, is 0600.
func TestConsole(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		c := h.Console(t, "bob")
		device := h.Run(t, "stat", "-c", "%F %Hr:%a %U %G", "/dev/"+c.Terminal).Stdout
		if device != "character special file 4:600 bob tty\n" {
			t.Errorf("%v is %q", c, device)
		}
		if who := h.Run(t, "who").Stdout; !strings.Contains(who, "bob      "+c.Terminal+" ") {
			t.Errorf("who does not know %v:\n%s", c, who)
		}
		if (c.Session != "") != h.Logind {
			t.Errorf("%v has session %q", c, c.Session)
		}
		h.Run(t, "sh", "-c", `echo 'Grüße ½ ☎' >"$0"`, "/dev/"+c.Terminal)
		c.Expect(t, "Grüße ½ ☎\n")
		c.Type(t, "stty size; echo typ\"\"ed\r")
		c.Expect(t, "25 80\ntyped\n")
		if h.Logind {
			session := h.Run(t, "loginctl", "show-session", c.Session, "--property=TTY", "--property=Seat").Stdout
			if !strings.Contains(session, "TTY="+c.Terminal+"\n") || !strings.Contains(session, "Seat=seat0\n") {
				t.Errorf("logind's session of %v is %q", c, session)
			}
		}
	})
}

// TestConsoleIsGivenBack holds that a console is free again after a test.
func TestConsoleIsGivenBack(t *testing.T) {
	var first string
	for range 2 {
		t.Run("one", func(t *testing.T) {
			c := lab.Plain.Console(t, "alice")
			if first != "" && c.Terminal != first {
				t.Errorf("%v, and %s is still taken", c, first)
			}
			first = c.Terminal
			if strings.Contains(c.Screen(t), "left behind") {
				t.Errorf("it shows what another test has written: %q", c.Screen(t))
			}
			lab.Plain.Run(t, "sh", "-c", `echo left behind >"$0"`, "/dev/"+c.Terminal)
			c.Expect(t, "left behind")
		})
	}
}

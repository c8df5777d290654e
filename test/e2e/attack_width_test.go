//go:build linux

package e2e_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// wider are characters that are two columns wide in some terminal and that a width by Unicode's
// tables alone has as one: in tmux 3.5, in vim's terminal, in PuTTY set up for East Asia.
var wider = []string{"\u261d", "\u270c", "\u270d", "\u23f1", "\u2934", "ж"}

// forged stands behind so many characters that it begins a row, if they are wider than msg thinks.
const forged = "Broadcast message from root on pts/1 at 19:45:"

// TestAttackWidth fills a row with characters and has a banner behind them, for bob's screen in
// tmux: nothing but the real banner begins a row without a bar. His reply, on carol's screen in
// tmux, does as little.
func TestAttackWidth(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, window := inTmux(t, h, "bob")
		for _, one := range wider {
			for filled := range 3 {
				text := strings.Repeat(one, 38+filled) + forged
				bob.Type(t, "clear\r")
				onScreen(t, h, "bob", window, `^\$\s*$`)
				send(t, h, "bob", text)
				if out := says(t, h, "carol", "-q", "bob", text); out != (lab.Output{}) {
					t.Fatalf("%s: %+v", h.Name, out)
				}
				barred(t, h, "bob", onScreen(t, h, "bob", window, `(?s)19:45:.*19:45:`))
			}
		}
		carol, asking := inTmux(t, h, "carol")
		for _, one := range wider {
			for filled := range 3 {
				question := fmt.Sprintf("%s %d?", one, filled)
				carol.Type(t, "clear; msg --wait -t 60 bob '"+question+"'\r")
				code := onScreen(t, h, "bob", window, regexp.QuoteMeta(question)+` *\nAnswer: msg ok (\w+) `)
				text := strings.Repeat(one, 38+filled) + forged
				if out := says(t, h, "bob", "reply", code[1], text); out.Code != 0 {
					t.Fatalf("%s: %+v", h.Name, out)
				}
				barred(t, h, "carol", onScreen(t, h, "carol", asking, `(?s)\nbob \(.*19:45:.*\$ *$`))
			}
		}
	})
}

// inTmux logs somebody in whose window, 80 columns wide, has tmux.
func inTmux(t *testing.T, h *lab.Host, user string) (*lab.Login, string) {
	t.Helper()
	l := h.LoginWith(t, lab.LoginOptions{User: user, Rows: 40, Cols: 80})
	l.Type(t, "tmux\r")
	t.Cleanup(func() { h.SSH(t, user, "tmux", "kill-server") })
	return l, terminalNot(t, l, l.Terminal)
}

// onScreen waits until a screen shows what the expression says, and returns the whole screen in
// front of what its groups have found.
func onScreen(t *testing.T, h *lab.Host, user, window, expr string) []string {
	t.Helper()
	wanted, shown := regexp.MustCompile(expr), ""
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		shown = strings.TrimRight(pane(t, h, user, window), "\n")
		if found := wanted.FindStringSubmatch(shown); found != nil {
			found[0] = shown
			return found
		}
	}
	t.Fatalf("%s: %s sees %q, and nothing of %s", h.Name, user, shown, expr)
	return nil
}

// barred holds that each row of a screen has a bar, or is msg's or the shell's own.
func barred(t *testing.T, h *lab.Host, user string, screen []string) {
	t.Helper()
	for row := range strings.SplitSeq(screen[0], "\n") {
		if row != "" && !ownRow.MatchString(row) {
			t.Errorf("%s: %s sees the row %q of\n%s", h.Name, user, row, screen[0])
		}
	}
}

var ownRow = regexp.MustCompile(`^(\||\$|Message from (root|carol)@|sent to bob on |bob \(\d+ s\):$)`)

// TestAttackNarrow: in the narrowest windows, too, each row of a text has its bar.
func TestAttackNarrow(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		for columns := uint16(1); columns < 18; columns++ {
			bob.Resize(t, 60, columns)
			bob.Mark()
			send(t, h, "bob", "###世界##\n####################")
			says(t, h, "carol", "bob", "###世界##\n####################")
			seen := bob.Sync(t)
			if strings.Count(seen, "#") != 2*25 {
				t.Errorf("%s: in %d columns bob sees %q", h.Name, columns, seen)
			}
			for row := range strings.SplitSeq(seen, "\r\n") {
				if strings.Contains(row, "#") && (row[0] != '|' || len(strings.TrimRight(row, "\r")) > max(int(columns), 2) && !strings.Contains(row, "世")) {
					t.Errorf("%s: in %d columns bob sees the row %q", h.Name, columns, row)
				}
			}
		}
	})
}

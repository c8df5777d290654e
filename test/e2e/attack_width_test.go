//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

// wider are characters that are two columns wide in some terminal and that a width by Unicode's
// tables alone has as one: in tmux 3.5, in vim's terminal, in PuTTY set up for East Asia.
var wider = []string{"\u261d", "\u270c", "\u270d", "\u23f1", "\u2934", "ж"}

// TestAttackWidth fills a row with characters and has a banner behind them, for bob's screen in
// tmux: nothing but the real banner begins a row without a bar. His reply, on carol's screen in
// tmux, does as little.
func TestAttackWidth(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, window := inTmux(t, h, "bob")
		const forged = "Broadcast message from root on pts/1 at 19:45:"
		for _, one := range wider {
			bob.Type(t, "clear\r")
			for filled := range 3 {
				text := strings.Repeat(one, 38+filled) + forged
				send(t, h, "bob", text)
				if out := says(t, h, "carol", "-q", "bob", text); out != (lab.Output{}) {
					t.Fatalf("%s: %+v", h.Name, out)
				}
			}
			bob.Sync(t)
			poses(t, h, "bob", window)
		}
		carol, asking := inTmux(t, h, "carol")
		for _, one := range wider[:3] {
			for filled := range 3 {
				carol.Mark()
				carol.Type(t, "clear; msg --wait -t 60 bob Lunch\r")
				carol.Expect(t, "waiting for 1 of 1")
				if out := says(t, h, "bob", "reply", strings.Repeat(one, 38+filled)+forged); out.Code != 0 {
					t.Fatalf("%s: %+v", h.Name, out)
				}
				awaitPrompt(t, carol)
				poses(t, h, "carol", asking)
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

// poses looks for rows of a screen that begin as a banner which nobody has sent.
func poses(t *testing.T, h *lab.Host, user, window string) {
	t.Helper()
	for row := range strings.SplitSeq(pane(t, h, user, window), "\n") {
		if strings.HasPrefix(row, "Broadcast") || strings.HasPrefix(row, "roadcast") {
			t.Errorf("%s: %s sees the row %q", h.Name, user, row)
		}
	}
}

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

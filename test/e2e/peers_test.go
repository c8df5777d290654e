//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

// TestPeers measures what the README says of wall and write, side by side with
// msg on the same logins.
func TestPeers(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		reaches := func(l *lab.Login, text string) bool {
			t.Helper()
			reached := strings.Contains(l.Sync(t), text)
			l.Mark()
			return reached
		}
		if out := h.Exec(t, "", "wall", "by wall"); out.Code != 0 || reaches(alice, "by wall") != h.Utmp || reaches(bob, "by wall") != h.Utmp {
			t.Errorf("root's wall: %+v, reaches them: not as the README says", out)
		}
		if out := h.SSH(t, "carol", "wall", "by carol"); out.Code != 0 || reaches(alice, "by carol") || reaches(bob, "by carol") {
			t.Errorf("a user's wall: %+v", out)
		}
		out := h.SSH(t, "carol", "sh", "-c", "echo hi | write bob "+bob.Terminal)
		t.Logf("%s: write bob: %+v", h.Name, out)
		if out.Code == 0 || reaches(bob, "hi") {
			t.Errorf("a user's write: %+v", out)
		}
		forget(t, h)
		if out := says(t, h, "carol", "bob", "by carol"); out != (lab.Output{}) || !reaches(bob, "by carol") {
			t.Errorf("a user's msg: %+v", out)
		}
		send(t, h, "*", "by msg")
		if !reaches(alice, "by msg") || !reaches(bob, "by msg") {
			t.Error("msg does not reach them")
		}
	})
}

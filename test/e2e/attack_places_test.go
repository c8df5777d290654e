//go:build linux

package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"msg/test/lab"
)

// TestAttackMimic has carol, in namespaces of her own, lead a terminal that has the
// number of bob's, as a client of her tmux; as a login prompt and as su, which has
// root's rights, ones that have the number of root's; and one that has alice's, on which
// script seems to show a client. What is sent to them comes to them.
func TestAttackMimic(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		alice, bob, root := h.Login(t, "alice"), h.Login(t, "bob"), h.Login(t, "root")
		needsNamespaces(t, h)
		prints(t, h, "carol", "tmux", "new", "-d")
		t.Cleanup(func() { h.SSH(t, "carol", "tmux", "kill-server") })
		hers := strings.TrimPrefix(prints(t, h, "carol", "tmux", "list-panes", "-F", "#{pane_tty}"), "/dev/")
		mimic(t, h, bob.Terminal, "tmux: client")
		mimic(t, h, root.Terminal, "agetty")
		mimic(t, h, root.Terminal, "bash", "su") // which asks for root's password
		mimic(t, h, alice.Terminal, "bash", "env", "TERM=xterm", "script", "-qc", "tmux attach", "/dev/null")
		h.Run(t, "sh", "-c", "until pgrep -u carol -f '^tmux attach' >/dev/null; do sleep 0.05; done")
		for _, sender := range []string{"root", "dave"} {
			reaches(t, h, sender, "bob", "For bob.", "bob@"+bob.Terminal)
			reaches(t, h, sender, "alice", "For alice.", "alice@"+alice.Terminal)
		}
		reaches(t, h, "root", "root", "For root.", "root@"+root.Terminal)
		reaches(t, h, "root", "*", "For all.", "alice@"+alice.Terminal, "bob@"+bob.Terminal, "root@"+root.Terminal, "carol@"+hers)
		got(t, alice, "For alice.", "For alice.", "For all.")
		got(t, bob, "For bob.", "For bob.", "For all.")
		got(t, root, "For root.", "For all.")
		if seen := pane(t, h, "carol", hers); strings.Contains(seen, "For bob.") || strings.Contains(seen, "For alice.") || strings.Contains(seen, "For root.") {
			t.Errorf("%s: carol reads %q", h.Name, seen)
		}
	})
}

// mimic has carol lead a terminal of another /dev/pts, which has the number of that
// one, until the end of the test.
func mimic(t *testing.T, h *lab.Host, terminal, name string, command ...string) {
	t.Helper()
	args := append([]string{"attacker", "mimic", strings.TrimPrefix(terminal, "pts/"), name}, command...)
	cmd := h.SSHCommand(t.Context(), "carol", args...)
	stdin, out := tended(t, cmd)
	t.Cleanup(func() {
		stdin.Close()
		_ = cmd.Wait()
	})
	out.await(t, regexp.MustCompile("ready\n"))
}

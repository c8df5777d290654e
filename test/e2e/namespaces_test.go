//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

// TestNamespaces: in namespaces that hide who is on the host's terminals, root's and a user's
// messages go by the door. Without the door, msg says what it can't see, and not that nobody is
// there.
func TestNamespaces(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		type way struct {
			user  string
			argv  []string
			hides string
		}
		const user, processes = "in a user namespace", "in a process namespace"
		ways := []way{
			{"root", []string{"unshare", "--pid", "--fork", "--mount-proc"}, processes},
			{"root", []string{"unshare", "--map-root-user"}, user},
			{"root", []string{"unshare", "--map-root-user", "--pid", "--fork", "--mount-proc"}, user},
		}
		if h.SSH(t, "carol", "unshare", "--user", "true").Code == 0 {
			ways = append(ways,
				way{"carol", []string{"unshare", "--user", "--map-root-user"}, user},
				way{"carol", []string{"unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"}, user},
				way{"carol", []string{"unshare", "--user"}, user})
		} else {
			t.Logf("%s lets carol make no user namespace", h.Name)
		}
		run := func(w way, argv ...string) lab.Output {
			forget(t, h)
			return h.SSH(t, w.user, append(append([]string{}, w.argv...), argv...)...)
		}
		hidden := func(w way, argv ...string) {
			t.Helper()
			out := run(w, argv...)
			if all := out.Stdout + out.Stderr; out.Code != 1 || !strings.Contains(all, w.hides) || strings.Contains(all, "not logged in") || strings.Contains(all, "nobody") {
				t.Errorf("%s: %s, %q: %q: %+v", h.Name, w.user, w.argv, argv, out)
			}
		}
		for _, w := range ways {
			if out := run(w, "msg", "bob", "By the door."); out.Code != 0 {
				t.Errorf("%s: %s, %q: %+v", h.Name, w.user, w.argv, out)
			}
			got(t, bob, "By the door.")
			if out := run(w, "msg", "--dry-run", "bob", "By the door."); out.Code != 0 || !strings.Contains(out.Stdout, "would send to bob on "+bob.Terminal) {
				t.Errorf("%s: %s, %q: a dry run: %+v", h.Name, w.user, w.argv, out)
			}
			hidden(w, "msg", "sessions", "bob")
			hidden(w, "msg", "sessions")
			if out := run(w, "msg", "doctor"); !strings.Contains(strings.Join(strings.Fields(out.Stdout), " "), "this process is "+w.hides) {
				t.Errorf("%s: %s, %q: doctor: %+v", h.Name, w.user, w.argv, out)
			}
		}
		closeDoor(t, h)
		t.Cleanup(func() { openDoor(t, h) })
		for _, w := range ways {
			hidden(w, "msg", "bob", "Without a door.")
			hidden(w, "msg", "--dry-run", "bob", "Without a door.")
			hidden(w, "msg", "sessions", "bob")
			if out := run(w, "msg", "*", "Without a door."); out.Code != 1 || out.Stderr == "" {
				t.Errorf("%s: %s, %q: to everyone: %+v", h.Name, w.user, w.argv, out)
			}
			if out := run(w, "msg", "*", "--except", "bob", "But not to bob."); out.Code == 0 {
				t.Errorf("%s: %s, %q: to everyone but bob: %+v", h.Name, w.user, w.argv, out)
			}
		}
		got(t, bob)
	})
}

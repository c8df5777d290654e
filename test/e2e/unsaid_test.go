//go:build linux

package e2e_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
)

// A seat is one way for bob to be at a terminal.
type seat struct {
	name string
	// take opens the terminal. shows waits until it has shown a text.
	take func(t *testing.T, h *lab.Host) (terminal string, shows func(t *testing.T, text string))
}

var seats = []seat{
	{"ssh", func(t *testing.T, h *lab.Host) (string, func(*testing.T, string)) {
		bob := h.Login(t, "bob")
		return bob.Terminal, func(t *testing.T, text string) { bob.Expect(t, text) }
	}},
	{"tmux", func(t *testing.T, h *lab.Host) (string, func(*testing.T, string)) {
		bob := h.Login(t, "bob")
		bob.Type(t, "tmux\r")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		pane := terminalNot(t, bob, bob.Terminal)
		return pane, func(t *testing.T, text string) { bob.Expect(t, text) }
	}},
	{"detached tmux", func(t *testing.T, h *lab.Host) (string, func(*testing.T, string)) {
		prints(t, h, "bob", "tmux", "new-session", "-d")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		name := strings.TrimPrefix(prints(t, h, "bob", "tmux", "list-panes", "-F", "#{pane_tty}"), "/dev/")
		return name, func(t *testing.T, text string) {
			if seen := pane(t, h, "bob", name); !strings.Contains(seen, text) {
				t.Errorf("the pane shows %q without %q", seen, text)
			}
		}
	}},
	{"script", func(t *testing.T, h *lab.Host) (string, func(*testing.T, string)) {
		// No terminal is around it.
		const file = "/var/tmp/unsaid-script"
		run := `setsid script -qfc 'tty; exec sleep 1000' "$0" </dev/null >/dev/null 2>&1 & echo $!`
		leader := prints(t, h, "bob", "sh", "-c", run, file)
		t.Cleanup(func() { h.Run(t, "sh", "-c", `kill "$0"; rm "$1"`, leader, file) })
		seen := h.Run(t, "sh", "-c", `until grep /dev/pts "$0" 2>/dev/null; do sleep 0.05; done`, file).Stdout
		name := strings.TrimPrefix(strings.TrimSpace(seen), "/dev/")
		return name, func(t *testing.T, text string) {
			h.Run(t, "timeout", "30", "sh", "-c", `until grep -qF "$0" "$1"; do sleep 0.05; done`, text, file)
		}
	}},
	{"editor of a login", func(t *testing.T, h *lab.Host) (string, func(*testing.T, string)) {
		w := h.EditorOfLogin(t, "bob")
		return w.Terminal, func(t *testing.T, text string) { w.Expect(t, text) }
	}},
	{"console", func(t *testing.T, h *lab.Host) (string, func(*testing.T, string)) {
		c := h.Console(t, "bob")
		return c.Terminal, func(t *testing.T, text string) { c.Expect(t, text) }
	}},
}

// TestUnsaid: bob has said nothing about messages, and carol reaches him on
// whatever terminal he is, however that begins on this release.
func TestUnsaid(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		for _, s := range seats {
			t.Run(s.name, func(t *testing.T) {
				forget(t, h)
				terminal, shows := s.take(t, h)
				text := "Lunch by " + s.name + "?"
				out := says(t, h, "carol", "-v", "bob", text)
				want := fmt.Sprintf("sent to bob on %s", terminal)
				if out.Code != 0 || !strings.HasPrefix(out.Stdout, want) {
					t.Fatalf("%+v, want %q; the terminal is %s", out, want, h.Run(t, "stat", "-c", "%a %U %G", "/dev/"+terminal).Stdout)
				}
				shows(t, "| "+text)
			})
		}
	})
}

// TestSendersWithoutNewRights: units that may gain no rights, and carol's jobs
// of cron, send as carol's shell does.
func TestSendersWithoutNewRights(t *testing.T) {
	units := map[string][]string{
		"no new privileges": {"User=carol", "NoNewPrivileges=yes"},
		"dynamic user":      {"DynamicUser=yes", "ProtectProc=invisible"},
		"carol, sandboxed":  {"User=carol", "DynamicUser=yes", "ProtectProc=invisible"},
	}
	for _, h := range []*lab.Host{lab.D12, lab.D13, lab.SID} {
		install(t, h)
		forget(t, h)
		bob := h.Login(t, "bob")
		for name, properties := range units {
			if out := h.Unit(t, properties, "/usr/local/bin/msg", "bob", name); out != (lab.Output{}) {
				t.Errorf("%s: %s: %+v", h.Name, name, out)
			}
			got(t, bob, name)
		}
	}
	t.Run("cron", func(t *testing.T) {
		atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
			forget(t, h)
			bob := h.Login(t, "bob")
			if out := h.Cron(t, "carol", "/usr/local/bin/msg bob 'From cron.'"); out != (lab.Output{}) {
				t.Errorf("%+v", out)
			}
			if lines := body(bob.Sync(t)); !slices.Equal(lines, []string{"From cron."}) {
				t.Errorf("bob got %q", lines)
			}
		})
	})
}

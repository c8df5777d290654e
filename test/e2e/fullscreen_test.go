//go:build linux

package e2e_test

import (
	"regexp"
	"strings"
	"testing"

	"msg/test/lab"
)

func TestFullScreen(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		bob.Type(t, "vi -u NONE -n /etc/passwd\r")
		bob.Expect(t, `"/etc/passwd"`)
		bob.Type(t, ":set number?\r")
		bob.Expect(t, "nonumber") // it has drawn everything
		bob.Sync(t)
		bob.Mark()
		for _, user := range []string{"root", "carol"} {
			reaches(t, h, user, "bob", "Lunch at one?", "bob@"+bob.Terminal)
			seen := bob.Sync(t)
			want := regexp.MustCompile("^\a\x1b7\x1b\\[0;7m\x1b\\[1;1H\x1b\\[KMessage from " + user + "@.*: *\x1b\\[2;1H\x1b\\[K\\| Lunch at one\\? *\x1b\\[m\x1b8$")
			if !want.MatchString(seen) {
				t.Errorf("bob saw %q", seen)
			}
			bob.Mark()
		}
		long := strings.Repeat("A line.\n", 30)
		if out := h.Exec(t, long, "msg", "bob"); out.Code != 0 {
			t.Errorf("%+v", out)
		}
		if lines := body(bob.Sync(t)); len(lines) != 30 {
			t.Errorf("of a message longer than the screen, he got %q", lines)
		}
		bob.Mark()
		bob.Type(t, ":q\r")
		bob.Expect(t, "$ ")
		awaitPrompt(t, bob)
		send(t, h, "bob", "At the prompt.")
		got(t, bob, "At the prompt.")
	})
}

func TestFullScreenWithin(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		dave := h.Login(t, "dave")
		overlaid := func(user string) bool {
			t.Helper()
			dave.Sync(t)
			dave.Mark()
			reaches(t, h, user, "dave", "Lunch at one?", "dave@"+dave.Terminal)
			seen := dave.Sync(t)
			if !strings.Contains(seen, "| Lunch at one?") {
				t.Errorf("dave saw %q", seen)
			}
			return strings.Contains(seen, "\a\x1b7")
		}
		dave.Type(t, "sudo vi -u NONE -n /etc/passwd\r")
		dave.Expect(t, `"/etc/passwd"`)
		dave.Type(t, ":set number?\r")
		dave.Expect(t, "nonumber")
		if !overlaid("root") || !overlaid("carol") {
			t.Error("vim's screen was scrolled")
		}
		dave.Mark()
		dave.Type(t, ":q\r")
		dave.Expect(t, "$ ")
		awaitPrompt(t, dave)
		for _, command := range []string{"sudo bash --norc", "ssh -o StrictHostKeyChecking=no -tt dave@" + h.Name} {
			dave.Type(t, command+"\r")
			inner := terminalNot(t, dave, dave.Terminal)
			dave.Mark()
			if command[:3] == "ssh" {
				out := h.SSH(t, "root", "msg", "-v", dave.Terminal, "Beside the prompt.")
				if seen := dave.Expect(t, "| Beside the prompt."); out.Code != 0 || strings.Contains(seen, "\x1b7") {
					t.Errorf("in ssh, dave saw %q, %+v", seen, out)
				}
			} else if overlaid("root") || overlaid("carol") {
				t.Errorf("%s: a shell's lines were covered", command)
			}
			leave(t, dave, inner)
		}
	})
}

// TestHiddenProcesses: where /proc shows nobody who else is there, all are reached,

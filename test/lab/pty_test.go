//go:build linux

package lab_test

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"msg/test/lab"
)

// ptsOptions are the options with which systemd, as process 1, mounts /dev/pts.
var ptsOptions = regexp.MustCompile(`mode=0*([0-7]+),gid=5`)

// TestPtyMode holds that a host's terminals begin as the release has it, and
// not as the machine that the tests run on.
func TestPtyMode(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		// Plain has the library too, though nothing there runs it.
		library := h.Run(t, "sh", "-c",
			"grep -ahoE 'mode=[0-7]+,gid=5' /usr/lib/*/systemd/libsystemd-shared-*.so").Stdout
		want := fmt.Sprintf("%o", h.PtyMode)
		if found := ptsOptions.FindStringSubmatch(library); found == nil || found[1] != want {
			t.Errorf("the release mounts /dev/pts with %q, the lab with mode=%s", library, want)
		}
		mounts := h.Run(t, "grep", " /dev/pts ", "/proc/mounts").Stdout
		if !strings.Contains(mounts, ",gid=5,mode="+want+",ptmxmode=666 ") {
			t.Errorf("/dev/pts is mounted as %q", mounts)
		}
	})
}

// TestPtyModeOfPrograms looks at terminals of sshd, script and tmux.
func TestPtyModeOfPrograms(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		check := func(opener, terminal string, want os.FileMode) {
			t.Helper()
			got := h.Run(t, "stat", "-c", "%a %U %G", terminal).Stdout
			if got != fmt.Sprintf("%o bob tty\n", want) {
				t.Errorf("%s's terminal has %q, want mode %o", opener, got, want)
			}
		}
		bob := h.Login(t, "bob")
		check("sshd", "/dev/"+bob.Terminal, 0o620)
		h.SSH(t, "bob", "tmux", "new-session", "-d")
		t.Cleanup(func() { h.SSH(t, "bob", "tmux", "kill-server") })
		panes := h.SSH(t, "bob", "tmux", "list-panes", "-F", "#{pane_tty}").Stdout
		check("tmux", strings.TrimSpace(panes), h.PtyMode)
		bob.Type(t, "script -qc 'echo in\"<$(tty)>\"; exec cat' /dev/null\r")
		seen := bob.Expect(t, ">\r\n")
		_, name, _ := strings.Cut(seen[:strings.LastIndex(seen, ">\r\n")], "in</")
		check("script", "/"+name, h.PtyMode)
	})
}

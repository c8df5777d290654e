//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"msg/test/lab"
)

// lastRelease is the commit of the version before msgd: it speaks protocols 1 and 2, and delivers
// by msg-helper.
const lastRelease = "6a589ad"

// lastMsg is the last release's msg and msg-helper, built from the project's history.
var lastMsg = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "msg-e2e-")
	if err != nil {
		return "", err
	}
	script := fmt.Sprintf(`set -e; git -C ../.. archive %s | tar -C "$0" -x; cd "$0"
		for program in msg msg-helper; do CGO_ENABLED=0 go build -tags osusergo,netgo -ldflags -X=main.version=0.1.0 -o $program.built ./cmd/$program; done`, lastRelease)
	if out, err := exec.Command("sh", "-c", script, dir).CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the last release from the history (a clone that is not shallow has it): %w: %s", err, out)
	}
	return dir, nil
})

// installOlder puts the last release into /opt/older, and has a user's commands over ssh find it
// first.
func installOlder(t *testing.T, h *lab.Host, user string) {
	t.Helper()
	dir, err := lastMsg()
	if err != nil {
		t.Fatal(err)
	}
	h.Run(t, "mkdir", "-p", "/opt/older/bin", "/opt/older/libexec")
	h.Install(t, filepath.Join(dir, "msg.built"), "/opt/older/bin/msg", "root:root", 0o755)
	h.Install(t, filepath.Join(dir, "msg-helper.built"), "/opt/older/libexec/msg-helper", "root:tty", 0o755)
	h.Run(t, "chmod", "2755", "/opt/older/libexec/msg-helper")
	bashrc := "/home/" + user + "/.bashrc" // bash reads it for commands that sshd starts
	h.Run(t, "sh", "-c", `echo PATH=/opt/older/bin:$PATH >"$0"`, bashrc)
	// As its package made them: msg-helper's group writes there.
	h.Run(t, "sh", "-c", "cd /run/msg && chown root:tty rate pending && chmod 770 rate && chmod 1775 pending")
	t.Cleanup(func() {
		h.Run(t, "rm", "-rf", bashrc, "/opt/older")
		makeRun(t, h)
	})
	if out := prints(t, h, user, "msg", "--version"); !strings.Contains(out, "0.1.0") {
		t.Fatalf("%s: %s has %q", h.Name, user, out)
	}
}

// TestOlderRelease: msg of the last release at the other end of ssh still talks to this one, and
// the other way round; answers and typed lines included.
func TestOlderRelease(t *testing.T) {
	onHosts(t)
	installOlder(t, lab.D12, "carol")
	ways := []struct {
		name     string
		from, to *lab.Host
	}{
		{"from the older", lab.D12, lab.D13},
		{"to the older", lab.D13, lab.D12},
	}
	for _, c := range ways {
		t.Run(c.name, func(t *testing.T) {
			bob, target := c.to.Login(t, "bob"), "bob@"+c.to.Name
			if out := says(t, c.from, "carol", target, "Across versions."); out != (lab.Output{}) {
				t.Errorf("%+v", out)
			}
			got(t, bob, "Across versions.")
			if out := says(t, c.from, "carol", "nobody-here@"+c.to.Name, "hi"); out.Code != 1 || !strings.Contains(out.Stderr, "no such user") {
				t.Errorf("to nobody: %+v", out)
			}
			forget(t, c.to)
			w := waits(t, c.from, "carol", "--wait", "-t", "60", target, "Restart?")
			bob.Type(t, "msg ok "+codeOf(t, bob)+"\r")
			if out := w.ends(t); out.Code != 0 || !strings.HasPrefix(out.Stdout, "bob on "+bob.Terminal) {
				t.Errorf("with an answer: %+v", out)
			}
			bob.Mark()
		})
	}
}

//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A Window is a shell on a terminal that an editor's server has opened for a
// person. No login made that terminal, and no register knows it.
type Window struct {
	Host     *Host
	User     string
	Terminal string // as "pts/3"

	dir string // on the host
}

const editorProgram = "/usr/local/lib/lab-editor"

// buildEditor builds the program that stands for an editor's server, once.
var buildEditor = sync.OnceValues(func() (string, error) {
	path := filepath.Join(workDir, "editor")
	build := exec.Command("go", "build", "-o", path, "msg/test/lab/editor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return path, nil
})

// EditorOfService opens a window of a server that is a service of the host's
// and runs as user, as code-server@user does. Only a host with systemd has it.
func (h *Host) EditorOfService(t testing.TB, user string) *Window {
	t.Helper()
	w, unit := h.newWindow(t, user), fmt.Sprintf("editor%d", editors.Add(1))
	h.Run(t, "systemd-run", "--quiet", "--collect", "--unit="+unit, "--uid="+user,
		"--working-directory=/home/"+user, editorProgram, w.dir)
	t.Cleanup(func() { h.Run(t, "systemctl", "stop", unit) })
	w.await(t)
	return w
}

var editors atomic.Int64

// EditorOfLogin opens a window of a server that user has started by ssh, as an
// editor on another machine does. The server outlives that ssh.
func (h *Host) EditorOfLogin(t testing.TB, user string) *Window {
	t.Helper()
	w := h.newWindow(t, user)
	start := `setsid "$0" "$1" </dev/null >/dev/null 2>&1 & echo $!`
	out := h.SSH(t, user, "sh", "-c", start, editorProgram, w.dir)
	server := strings.TrimSpace(out.Stdout)
	if out.Code != 0 || server == "" {
		t.Fatalf("starting the editor's server: %+v", out)
	}
	// Its end hangs up the terminal, which ends the shell.
	t.Cleanup(func() { h.Run(t, "kill", server) })
	w.await(t)
	return w
}

func (h *Host) newWindow(t testing.TB, user string) *Window {
	t.Helper()
	program, err := buildEditor()
	if err != nil {
		t.Fatal(err)
	}
	if h.Exec(t, "", "test", "-e", editorProgram).Code != 0 {
		h.Install(t, program, editorProgram, "root:root", 0o755)
	}
	dir := strings.TrimSpace(h.Run(t, "mktemp", "-d", "/var/tmp/editor.XXXXXX").Stdout)
	h.Run(t, "chown", user, dir)
	t.Cleanup(func() { h.Run(t, "rm", "-r", dir) })
	return &Window{Host: h, User: user, dir: dir}
}

// await returns when the shell has shown its prompt.
func (w *Window) await(t testing.TB) {
	t.Helper()
	w.until(t, "a prompt", prompted)
	name := w.Host.Run(t, "sh", "-c", `until [ -s "$0" ]; do sleep 0.02; done; cat "$0"`, w.dir+"/terminal").Stdout
	w.Terminal = strings.TrimPrefix(strings.TrimSpace(name), "/dev/")
}

// Type types in the window; Enter is "\r".
func (w *Window) Type(t testing.TB, keys string) {
	t.Helper()
	if out := w.Host.Exec(t, keys, "sh", "-c", `cat >"$0"`, w.dir+"/keys"); out.Code != 0 {
		t.Fatalf("typing %q in %v: %s", keys, w, out.Stderr)
	}
}

// Seen is all that the terminal has shown.
func (w *Window) Seen(t testing.TB) string {
	t.Helper()
	return w.Host.Exec(t, "", "cat", w.dir+"/screen").Stdout
}

// Expect waits until the terminal has shown text, and returns all that it has
// shown by then.
func (w *Window) Expect(t testing.TB, text string) string {
	t.Helper()
	return w.until(t, fmt.Sprintf("%q", text), func(seen string) bool { return strings.Contains(seen, text) })
}

func (w *Window) until(t testing.TB, what string, wanted func(string) bool) string {
	t.Helper()
	seen, err := look(func() (string, error) { return w.Seen(t), nil }, wanted)
	if err != nil {
		t.Fatalf("%v does not show %s but %q", w, what, seen)
	}
	return seen
}

// String names the window in messages of tests.
func (w *Window) String() string {
	return fmt.Sprintf("%s's editor on %s's %s", w.User, w.Host.Name, w.Terminal)
}

var errUnseen = errors.New("it did not come")

// look looks again and again until what it sees is as wanted.
func look(at func() (string, error), wanted func(string) bool) (string, error) {
	for deadline := time.Now().Add(timeout); ; time.Sleep(20 * time.Millisecond) {
		seen, err := at()
		if err != nil || wanted(seen) {
			return seen, err
		}
		if time.Now().After(deadline) {
			return seen, errUnseen
		}
	}
}

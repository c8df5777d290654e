//go:build linux

package lab

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// defaultPath is the PATH of every command that the lab starts.
const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// Output is what a command has left.
type Output struct {
	Stdout, Stderr string
	Code           int // exit status; -1 if a signal ended it
}

// Exec runs a command on the host as root and returns when it has ended,
// whatever its status. As below cron, it has no terminal, a session of its own
// and nothing in its environment but PATH.
func (h *Host) Exec(t testing.TB, stdin string, argv ...string) Output {
	t.Helper()
	h.mustRun(t)
	ctx, cancel := patience(t)
	defer cancel()
	cmd := h.Command(ctx, argv...)
	cmd.Stdin = strings.NewReader(stdin)
	return capture(ctx, t, cmd)
}

// Run is Exec without input for a command that must succeed.
func (h *Host) Run(t testing.TB, argv ...string) Output {
	t.Helper()
	out := h.Exec(t, "", argv...)
	if out.Code != 0 {
		t.Fatalf("%s: %q: status %d\n%s%s", h.Name, argv, out.Code, out.Stdout, out.Stderr)
	}
	return out
}

// Command is what Exec runs, for a test that needs more of it: an environment
// (append to Env), or to have it run while something else happens. It is
// killed when ctx ends.
func (h *Host) Command(ctx context.Context, argv ...string) *exec.Cmd {
	args := []string{
		"--target", strconv.Itoa(h.leader),
		"--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--",
		// nsenter forks to enter a pid namespace: what it starts must go when
		// it is killed, and lead a session that has a number in there.
		"setpriv", "--pdeathsig", "KILL", "setsid",
	}
	cmd := exec.CommandContext(ctx, "nsenter", append(args, argv...)...)
	cmd.Env = []string{"PATH=" + defaultPath}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if h.cgroup != nil {
		cmd.SysProcAttr.UseCgroupFD, cmd.SysProcAttr.CgroupFD = true, int(h.cgroup.Fd())
	}
	cmd.WaitDelay = time.Second
	return cmd
}

// Install copies a file of the tester's to the host, and makes directories on
// the way. The mode is chmod(1)'s, as 0o2755; the owner is "root:tty" or the like.
func (h *Host) Install(t testing.TB, local, remote, owner string, mode uint32) {
	t.Helper()
	content, err := os.ReadFile(local)
	if err != nil {
		t.Fatal(err)
	}
	user, group, _ := strings.Cut(owner, ":")
	h.Run(t, "mkdir", "-p", path.Dir(remote))
	// Renamed into place, since a program that runs cannot be overwritten.
	temporary := remote + ".new"
	out := h.Exec(t, string(content), "install", "-o", user, "-g", group,
		"-m", fmt.Sprintf("%o", mode), "/dev/stdin", temporary)
	if out.Code != 0 {
		t.Fatalf("installing %s on %s: %s", remote, h.Name, out.Stderr)
	}
	h.Run(t, "mv", "-f", temporary, remote)
}

// patience bounds what a test waits for. It outlives the test itself, for
// cleaning up.
func patience(t testing.TB) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(t.Context()), timeout)
}

// capture runs cmd and fails the test if it could not run or did not end.
func capture(ctx context.Context, t testing.TB, cmd *exec.Cmd) Output {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	out := Output{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode()}
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = ctx.Err()
	}
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", cmd.Args, err, out.Stdout, out.Stderr)
	}
	return out
}

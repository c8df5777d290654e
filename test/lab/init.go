//go:build linux

package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Everything the lab writes while it runs is below workDir, on a tmpfs that
// only its mount namespace has.
const (
	workDir = "/run/lab"
	tempDir = workDir + "/tmp"
)

// runInit is process 1 of the lab's namespaces: it furnishes them, runs the
// tests as a child, reaps orphans meanwhile, and leaves no cgroup behind.
func runInit() (int, error) {
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals...)
	defer stop()
	if err := furnish(); err != nil {
		return 1, err
	}
	group, err := joinCgroup()
	if err != nil {
		return 1, err
	}
	code, err := runAndReap(ctx)
	return code, errors.Join(err, group.leave())
}

// furnish gives the namespaces their own /proc, /sys, /run and terminals, so
// that no test can see, and no message can reach, anybody on the real machine.
func furnish() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("making mounts private: %w", err)
	}
	for _, m := range []struct{ kind, dir, options string }{
		{"proc", "/proc", ""},
		{"sysfs", "/sys", ""},
		{"cgroup2", cgroupRoot, ""},
		{"tmpfs", "/run", "mode=755"},
		{"devpts", "/dev/pts", "newinstance,ptmxmode=666,mode=620,gid=5"},
	} {
		if err := unix.Mount(m.kind, m.dir, m.kind, 0, m.options); err != nil {
			return fmt.Errorf("mounting %s on %s: %w", m.kind, m.dir, err)
		}
	}
	unix.Umask(0o022)
	if err := os.MkdirAll(tempDir, 0o755); err != nil {
		return err
	}
	return errors.Join(os.Chmod(tempDir, 0o777|os.ModeSticky), layNetwork(), forgetLoginUID())
}

// layNetwork makes the bridge that the hosts are plugged into.
func layNetwork() error {
	return runIP(nil,
		"link set lo up",
		"link add "+bridge+" type bridge",
		"addr add "+testerAddr+"/24 dev "+bridge,
		"link set "+bridge+" up",
	)
}

// runIP has ip(8) do one command a line, in the namespaces that enter leads to.
func runIP(enter []string, commands ...string) error {
	argv := append(enter, "ip", "-batch", "-")
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin = strings.NewReader(strings.Join(commands, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("ip: %w: %s", err, out)
	}
	return nil
}

// forgetLoginUID lets pam_loginuid set the hosts' logins' own: once set, as it
// is below a login on the real machine, a container may not change it. Each
// thread has its own, so it is to be called on the thread that forks.
func forgetLoginUID() error {
	runtime.LockOSThread()
	const file, unset = "/proc/thread-self/loginuid", "4294967295"
	old, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) || string(old) == unset {
		return nil // a kernel without audit, or nothing to forget
	}
	if err := os.WriteFile(file, []byte(unset), 0); err != nil {
		return fmt.Errorf("unsetting the login uid: %w", err)
	}
	return nil
}

// runAndReap runs the tests until they or ctx end, and ends what they leave. It
// waits for any child, since orphans of the whole pid namespace become process
// 1's.
func runAndReap(ctx context.Context) (int, error) {
	cmd, err := again(ctx, stageTests)
	if err != nil {
		return 1, err
	}
	pid, err := syscall.ForkExec(cmd.Path, cmd.Args, &syscall.ProcAttr{
		Env:   append(cmd.Env, "TMPDIR="+tempDir),
		Files: []uintptr{0, 1, 2},
	})
	if err != nil {
		return 1, fmt.Errorf("starting the tests: %w", err)
	}
	context.AfterFunc(ctx, killAll)
	forward(unix.SIGQUIT, pid)
	status := waitFor(pid)
	killAll()
	waitFor(-1)
	if status.Signaled() && ctx.Err() == nil {
		return 1, fmt.Errorf("the tests were ended by %v", status.Signal())
	}
	return status.ExitStatus(), nil
}

// killAll kills every process of the pid namespace but this, its first.
func killAll() { _ = unix.Kill(-1, unix.SIGKILL) }

// waitFor reaps children until pid is among them or none is left.
func waitFor(pid int) unix.WaitStatus {
	for {
		var status unix.WaitStatus
		done, err := unix.Wait4(-1, &status, 0, nil)
		if done == pid || errors.Is(err, unix.ECHILD) {
			return status
		}
	}
}

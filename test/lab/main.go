//go:build linux

package lab

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// stageEnv tells a test binary that Main has started again which part it
// plays: stageInit is process 1 of the lab's namespaces, stageTests its child.
const (
	stageEnv   = "MSG_LAB_STAGE"
	stageInit  = "init"
	stageTests = "tests"
)

var stopSignals = []os.Signal{unix.SIGINT, unix.SIGTERM, unix.SIGHUP}

// Main boots the hosts, runs the tests and ends the process with their status.
// It is all that a TestMain needs to do.
func Main(m *testing.M) {
	stage := os.Getenv(stageEnv)
	os.Unsetenv(stageEnv)
	code, err := 0, error(nil)
	switch stage {
	case stageInit:
		code, err = runInit()
	case stageTests:
		code, err = runTests(m)
	default:
		code, err = runOuter(m)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "lab: %v\n", err)
	}
	os.Exit(code)
}

// runOuter is the part that `go test` starts: it sees to the root file
// systems, which needs the network, and then leaves the machine alone.
func runOuter(m *testing.M) (int, error) {
	if listing() {
		return m.Run(), nil
	}
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "lab: SKIPPED: only root can boot the hosts; run these tests as root")
		return 0, nil
	}
	// Tools such as debootstrap live there, and not every root's PATH has it.
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	ctx, stop := signal.NotifyContext(context.Background(), stopSignals...)
	defer stop()
	code, err := prepareAndRun(ctx)
	if ctx.Err() != nil {
		return 1, errors.New("interrupted")
	}
	return code, err
}

func prepareAndRun(ctx context.Context) (int, error) {
	if err := installPackages(ctx); err != nil {
		return 1, err
	}
	locks, err := ensureRoots(ctx)
	if err != nil {
		return 1, err
	}
	defer runtime.KeepAlive(locks)
	return runInside(ctx)
}

// listing reports whether the tests are only to be named, which needs no host.
func listing() bool {
	flag.Parse()
	list := flag.Lookup("test.list")
	return list != nil && list.Value.String() != ""
}

// runInside starts this binary again as process 1 of its own namespaces and
// waits for it. The end of this process, however it comes, or the end of ctx
// is the end of everything in there.
func runInside(ctx context.Context) (int, error) {
	// The kernel sends Pdeathsig when the thread that forked ends.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	cmd, err := again(ctx, stageInit)
	if err != nil {
		return 1, err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWNET | unix.CLONE_NEWIPC,
		Pdeathsig:  unix.SIGKILL,
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(unix.SIGTERM) }
	cmd.WaitDelay = 3 * time.Second // then it is killed
	if err := cmd.Start(); err != nil {
		return 1, fmt.Errorf("entering new namespaces: %w", err)
	}
	forward(unix.SIGQUIT, cmd.Process.Pid)
	err = cmd.Wait()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return 1, fmt.Errorf("waiting for the tests: %w", err)
	}
	if !cmd.ProcessState.Exited() {
		return 1, fmt.Errorf("the tests ended with %v", cmd.ProcessState)
	}
	return cmd.ProcessState.ExitCode(), nil
}

// again is this test binary with the same arguments, to play another part.
func again(ctx context.Context, stage string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding the test binary: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, os.Args[1:]...)
	cmd.Env = append(os.Environ(), stageEnv+"="+stage)
	return cmd, nil
}

// forward passes sig on to pid for as long as this process lives: `go test`
// asks a binary that takes too long for its stacks with SIGQUIT.
func forward(sig os.Signal, pid int) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, sig)
	go func() {
		for range signals {
			_ = unix.Kill(pid, unix.SIGQUIT)
		}
	}()
}

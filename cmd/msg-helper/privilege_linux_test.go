package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestBound: what the caller could have left behind is bounded before anything is read. The time
// on the processor is given back when there are no rights any more.
func TestBound(t *testing.T) {
	limit := func(resource int) (l unix.Rlimit) {
		t.Helper()
		if err := unix.Getrlimit(resource, &l); err != nil {
			t.Fatal(err)
		}
		return l
	}
	cpu, pending := limit(unix.RLIMIT_CPU), limit(rlimitSigpending)
	left, err := unix.Dup(int(os.Stdin.Fd())) // as a caller leaves it open
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		unix.Close(left)
		err := errors.Join(unix.Setrlimit(unix.RLIMIT_CPU, &cpu), unix.Setrlimit(rlimitSigpending, &pending), unix.Prctl(unix.PR_SET_DUMPABLE, 1, 0, 0, 0))
		if err != nil {
			t.Error(err)
		}
	})
	if err := bound(); err != nil {
		t.Fatal(err)
	}
	if got := limit(unix.RLIMIT_CPU); got.Cur > mostCPU || got.Max != cpu.Max {
		t.Errorf("it may have %d of %d seconds", got.Cur, got.Max)
	}
	if flags, err := unix.FcntlInt(uintptr(left), unix.F_GETFD, 0); err != nil || flags&unix.FD_CLOEXEC == 0 {
		t.Errorf("what it starts would have the caller's descriptor: %#x, %v", flags, err)
	}
	unbound()
	if got := limit(unix.RLIMIT_CPU); got.Cur != cpu.Max {
		t.Errorf("without rights it may have %d of %d seconds", got.Cur, cpu.Max)
	}
	few := unix.Rlimit{Cur: leastSignals - 1, Max: pending.Max}
	if err := unix.Setrlimit(rlimitSigpending, &few); err != nil {
		t.Fatal(err)
	}
	if _, err := lower(); !errors.Is(err, errSignals) {
		t.Errorf("with room for %d signals: %v", few.Cur, err)
	}
	if err := unix.Setrlimit(rlimitSigpending, &pending); err != nil {
		t.Fatal(err)
	}
	if rights, err := lower(); rights != nil || err != nil {
		t.Errorf("without rights to lower: %v, %v", rights, err)
	}
	if dumpable, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); dumpable != 0 || err != nil {
		t.Errorf("others may look into it: %d, %v", dumpable, err)
	}
}

// TestSetUID: a helper that was installed with a user's rights does nothing.
func TestSetUID(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can make a program set-uid")
	}
	if out, err := exec.Command("make", "-s", "-C", "../..", "libexec/msg-helper").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	dir, err := os.MkdirTemp("", "msg-set-uid-") // not below a directory that nobody gets into
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "msg-helper")
	if out, err := exec.Command("install", "../../libexec/msg-helper", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for mode, want := range map[os.FileMode]string{0: "no request", os.ModeSetuid: errSetUID.Error(), os.ModeSetuid | os.ModeSetgid: errSetUID.Error()} {
		if err := errors.Join(os.Chmod(dir, 0o755), os.Chmod(path, mode|0o755)); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(path)
		cmd.Dir, cmd.SysProcAttr = "/", &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		out, err := cmd.CombinedOutput()
		if err == nil || !strings.Contains(string(out), want) || mode != 0 && strings.Contains(string(out), "hello") {
			t.Errorf("%v: %v, %q; want %q", mode|0o755, err, out, want)
		}
	}
}

package motd_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/motd"
)

// TestMain lets a test start this program as one that leaves a notice and then sleeps.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MOTD_TEST_LEAVE"); dir != "" {
		n, err := motd.Leave(dir, "left\n", time.Now().Add(time.Hour))
		if err != nil {
			panic(err)
		}
		time.Sleep(time.Hour)
		runtime.KeepAlive(n)
	}
	os.Exit(m.Run())
}

// dir is one that is not there yet, on a file system like /run.
func dir(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "motd.d")
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	all, err := filepath.Glob(dir + "/*")
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLeaveAndRemove(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	d := dir(t)
	n, err := motd.Leave(d, "Reboot at ten.\n", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	other, err := motd.Leave(d, "Another.\n", time.Now().Add(time.Hour)) // does not take the first for one that is left behind
	if err != nil {
		t.Fatal(err)
	}
	if all := files(t, d); len(all) != 2 {
		t.Errorf("there are %v", all)
	}
	if err := other.Remove(); err != nil {
		t.Error(err)
	}
	all := files(t, d)
	if len(all) != 1 {
		t.Fatalf("there are %v", all)
	}
	if info, err := os.Stat(d); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("the directory has %v, %v", info.Mode(), err)
	}
	info, err := os.Stat(all[0])
	text, readErr := os.ReadFile(all[0])
	if err != nil || readErr != nil || string(text) != "Reboot at ten.\n" || info.Mode().Perm() != 0o644 {
		t.Errorf("%s has %q, %v, %v", all[0], text, info.Mode(), errors.Join(err, readErr))
	}
	if err := n.Remove(); err != nil {
		t.Error(err)
	}
	if all := files(t, d); len(all) != 0 {
		t.Errorf("%v is still there", all)
	}
}

// leaver starts a process that leaves a notice.
func leaver(t *testing.T, d string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "MOTD_TEST_LEAVE="+d)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	eventually(t, "there is a notice", func() bool { return len(files(t, d)) == 1 && len(keepers(t, d)) == 1 })
	return cmd
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); !holds(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("not so: " + what)
		}
	}
}

// keepers are the pids of the processes that wait to remove notices in a directory.
func keepers(t *testing.T, d string) []string {
	t.Helper()
	var pids []string
	all, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		line, _ := os.ReadFile(path) // it may be gone
		if strings.Contains(string(line), "msg-notice\x00"+d) {
			pids = append(pids, filepath.Base(filepath.Dir(path)))
		}
	}
	return pids
}

// TestKilled: a notice ends with its process, however that ends.
func TestKilled(t *testing.T) {
	d := dir(t)
	cmd := leaver(t, d)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the notice is gone", func() bool { return len(files(t, d)) == 0 })
	eventually(t, "so is its keeper", func() bool { return len(keepers(t, d)) == 0 })
}

// TestStopped: a notice goes at its time, also where its process is stopped.
func TestStopped(t *testing.T) {
	d := dir(t)
	n, err := motd.Leave(d, "for a moment\n", time.Now().Add(time.Second))
	if err != nil {
		t.Fatal(err)
	}
	if all := files(t, d); len(all) != 1 {
		t.Errorf("there are %v", all)
	}
	eventually(t, "the notice is gone", func() bool { return len(files(t, d)) == 0 })
	if err := n.Remove(); err != nil {
		t.Error(err)
	}
	if _, err = motd.Leave(d, "over\n", time.Now().Add(-time.Minute)); !errors.Is(err, motd.ErrOver) {
		t.Errorf("what is over: %v", err)
	}
}

// TestKilledWithKeeper: what is left where the keeper is killed, too, goes with the next
// notice, even if somebody holds a lock for reading on it.
func TestKilledWithKeeper(t *testing.T) {
	d := dir(t)
	cmd := leaver(t, d)
	for _, pid := range keepers(t, d) {
		if out, err := exec.Command("kill", "-KILL", pid).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	eventually(t, "the keeper is gone", func() bool { return len(keepers(t, d)) == 0 })
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	left := files(t, d)
	if len(left) != 1 {
		t.Fatalf("left are %v", left)
	}
	reader, err := os.Open(left[0])
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	if err := unix.Flock(int(reader.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	lock := unix.Flock_t{Type: unix.F_RDLCK}
	if err := unix.FcntlFlock(reader.Fd(), unix.F_OFD_SETLK, &lock); err != nil {
		t.Fatal(err)
	}
	foreign := filepath.Join(d, "msg-notice-of-the-day")
	if err := os.WriteFile(foreign, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	n, err := motd.Leave(d, "next\n", time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(left[0]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is still there: %v", left[0], err)
	}
	if err := n.Remove(); err != nil {
		t.Error(err)
	}
	if all := files(t, d); len(all) != 1 || all[0] != foreign {
		t.Errorf("there are %v", all)
	}
}

// TestRefused: nothing is put where others could have put something in the way.
func TestRefused(t *testing.T) {
	open, link := dir(t), dir(t)
	if err := errors.Join(os.Mkdir(open, 0o777), os.Chmod(open, 0o777), os.Symlink(t.TempDir(), link)); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{open, link, "/proc/nowhere/motd.d"} {
		if n, err := motd.Leave(d, "x", time.Now().Add(time.Hour)); err == nil {
			t.Errorf("%s took a notice: %v", d, n.Remove())
		}
	}
	if _, err := motd.Leave(dir(t), strings.Repeat("x", motd.MaxText+1), time.Now().Add(time.Hour)); !errors.Is(err, motd.ErrTooLong) {
		t.Errorf("too long a text: %v", err)
	}
}

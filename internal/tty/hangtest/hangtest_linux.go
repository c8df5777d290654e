// Package hangtest gives tests a terminal that hangs: whatever opens it, writes to it or closes it
// waits, as long as the terminal's owner likes.
package hangtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"msg/test/fuse"
)

// patience is how long a test waits for the terminal to hang.
const patience = 30 * time.Second

// hangingFile returns a file of package fuse.
func hangingFile(t *testing.T) (path string, remove func()) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root mounts what has a terminal hang; as root, this test runs")
	}
	dir := t.TempDir()
	path, err := fuse.Mount(dir, false)
	if err != nil {
		t.Fatalf("no terminal can be made to hang: %v (modprobe fuse)", err)
	}
	return path + "1", func() {
		if err := unix.Unmount(dir, unix.MNT_FORCE|unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
	}
}

// env has a process of the test have the terminal: the uid of its owner, and a file of package fuse.
const env = "MSG_TEST_HANG"

// Main is for the beginning of TestMain. In a process that Terminal has started it does not return.
func Main() {
	word, file, ok := strings.Cut(os.Getenv(env), " ")
	if !ok {
		return
	}
	owner, err := strconv.Atoi(word)
	if err == nil {
		err = hang(file, owner)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// hang has a terminal of its own that belongs to that user, leads it, and tells its path. The
// terminal hangs for as long as the process lives. It returns only to fail.
func hang(file string, owner int) error {
	_, slave, err := pty.Open()
	if err != nil {
		return err
	}
	if err := errors.Join(slave.Chmod(0o620), slave.Chown(owner, 5)); err != nil {
		return err
	}
	terminal := int(slave.Fd())
	if err := unix.IoctlSetInt(terminal, unix.TIOCSCTTY, 0); err != nil {
		return err
	}
	return fuse.HoldTerminal(terminal, file, func() { fmt.Println(slave.Name()) })
}

// Terminal returns the path and the number of a terminal of that user's, which hangs until the test
// ends. Another process of the test's program has it, in which TestMain calls Main: this one has
// nothing of the terminal open, or it would hang, too.
func Terminal(t *testing.T, owner int) (path string, device uint64) {
	t.Helper()
	file, remove := hangingFile(t)
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = []string{fmt.Sprint(env, "=", owner, " ", file)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		remove()
		_ = cmd.Wait()
	})
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	path = strings.TrimSpace(string(line[:n]))
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); opens(path); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("the terminal does not hang")
		}
	}
	return path, st.Rdev
}

// opens reports whether a terminal can be opened, in a process of its own.
func opens(path string) bool {
	look := exec.Command("timeout", "-s", "KILL", "0.3", "sh", "-c", "exec 3>"+path)
	look.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return look.Run() == nil
}

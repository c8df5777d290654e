//go:build linux

// Package answerstest has what tests of answers share: a place for sockets, and clients that say
// nothing.
package answerstest

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Ample is how long what must come may take on a busy machine.
const Ample = 20 * time.Second

// Place is a directory for sockets, with a short name: theirs may have 107 bytes.
func Place(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "a")
	if err == nil {
		err = os.Chmod(dir, os.ModeSticky|0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func Await(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(Ample):
		t.Errorf("%s does not come", what)
	}
}

// Connect connects without a word.
func Connect(t testing.TB, path string) *os.File {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.Connect(fd, &unix.SockaddrUnix{Name: path}), unix.SetNonblock(fd, true))
	}
	if err != nil {
		t.Fatal(err)
	}
	conn := os.NewFile(uintptr(fd), path)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// Fill connects until the queue of who does not accept is full. What it returns closes
// the connections.
func Fill(t testing.TB, path string) (empty func()) {
	t.Helper()
	var fds []int
	empty = sync.OnceFunc(func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	})
	t.Cleanup(empty)
	for range 10_000 { // it has room for 128
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); {
		case errors.Is(err, unix.EAGAIN):
			return empty
		case err != nil:
			t.Fatal(err)
		}
	}
	t.Fatal("the queue has no end")
	return nil
}

func RootOnly(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("the kernel lets only root become the other users that this test is about; as root, it runs")
	}
}

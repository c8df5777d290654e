package wire

import (
	"errors"
	"io"
	"os"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestInput reads from a pipe that blocks, and leaves it that way.
func TestInput(t *testing.T) {
	var fds [2]int
	if err := unix.Pipe2(fds[:], unix.O_CLOEXEC); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[0])
	in := &input{fd: fds[0], until: time.Now().Add(50 * time.Millisecond)}
	buffer := make([]byte, 10)
	begun := time.Now()
	if n, err := in.Read(buffer); n != 0 || !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("with nothing there: %d, %v", n, err)
	}
	if took := time.Since(begun); took < 40*time.Millisecond {
		t.Errorf("it waited for %v", took)
	}
	if _, err := unix.Write(fds[1], []byte("abc")); err != nil {
		t.Fatal(err)
	}
	in.until = time.Time{}
	if n, err := in.Read(buffer); string(buffer[:n]) != "abc" || err != nil {
		t.Errorf("%q, %v", buffer[:n], err)
	}
	if flags, err := unix.FcntlInt(uintptr(fds[0]), unix.F_GETFL, 0); err != nil || flags&unix.O_NONBLOCK != 0 {
		t.Errorf("flags %#x, %v", flags, err)
	}
	if err := unix.Close(fds[1]); err != nil {
		t.Fatal(err)
	}
	if n, err := in.Read(buffer); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %d, %v", n, err)
	}
	if _, err := (&input{fd: 987654}).Read(buffer); !errors.Is(err, unix.EBADF) {
		t.Errorf("without a descriptor: %v", err)
	}
}

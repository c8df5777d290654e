//go:build linux

package main

import (
	"errors"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/tty"
)

// TestLostMonitor: after an answer that is none, the judge asks nothing more. It does not take a
// late answer for one to another question, and waits for no second one.
func TestLostMonitor(t *testing.T) {
	between, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(between[0])
	defer unix.Close(between[1])
	o := &opener{between: between[0]}
	for _, answer := range []string{"short", "late and long"} {
		if err := unix.Sendto(between[1], []byte(answer), 0, nil); err != nil {
			t.Fatal(err)
		}
	}
	questions := func() (n int) {
		for {
			if _, _, err := unix.Recvfrom(between[1], make([]byte, 64), unix.MSG_DONTWAIT); err != nil {
				return n
			}
			n++
		}
	}
	for i, want := range []int{1, 0, 0} {
		begun := time.Now()
		fd, err := o.open(tty.Want{Device: unix.Mkdev(136, 0)})
		if !errors.Is(err, errNoMonitor) || fd != -1 || time.Since(begun) > monitorTime/2 {
			t.Errorf("opening %d: %d, %v after %v", i, fd, err, time.Since(begun))
		}
		if n := questions(); n != want {
			t.Errorf("opening %d: %d questions, want %d", i, n, want)
		}
	}
}

//go:build linux

package lab

import (
	"errors"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// What follows handles the host's terminal itself, from outside of the host.
// It goes through a descriptor that was opened at login: the number in the
// name may be another login's as soon as this one has ended.

// hold takes hold of the terminal that the login is on.
func (l *Login) hold() (err error) {
	path := fmt.Sprintf("/proc/%d/root/dev/%s", l.Host.leader, l.Terminal)
	l.device, err = os.OpenFile(path, unix.O_PATH, 0)
	return err
}

// open opens the terminal for writing, without waiting.
func (l *Login) open() (int, error) {
	path := fmt.Sprintf("/proc/self/fd/%d", l.device.Fd())
	return unix.Open(path, unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
}

// write writes text to the terminal as another program on the host would.
func (l *Login) write(text string) error {
	fd, err := l.open()
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	for deadline := time.Now().Add(timeout); text != ""; {
		n, err := unix.Write(fd, []byte(text))
		if errors.Is(err, unix.EAGAIN) && time.Now().Before(deadline) {
			_, _ = unix.Poll([]unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}, 100)
			continue
		}
		if err != nil {
			return fmt.Errorf("the terminal takes no output: %w", err)
		}
		text = text[n:]
	}
	return nil
}

// flows reports whether the terminal takes output: to poll(2), one that
// Ctrl-S holds is not writable.
func (l *Login) flows() (bool, error) {
	fd, err := l.open()
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	fds := []unix.PollFd{{Fd: int32(fd), Events: unix.POLLOUT}}
	n, err := unix.Poll(fds, 0)
	if errors.Is(err, unix.EINTR) {
		return l.flows()
	}
	return n == 1 && fds[0].Revents == unix.POLLOUT, err
}

// awaitGone waits until the host has removed the terminal, and reports whether
// it has.
func (l *Login) awaitGone() bool {
	defer l.device.Close()
	for deadline := time.Now().Add(timeout); time.Now().Before(deadline); {
		var stat unix.Stat_t
		if unix.Fstat(int(l.device.Fd()), &stat) != nil || stat.Nlink == 0 {
			return true
		}
		time.Sleep(2 * time.Millisecond)
	}
	return false
}

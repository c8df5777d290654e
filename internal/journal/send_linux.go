package journal

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// socket returns a socket that blocks. Processes that block wait in turn, so a user who floods the
// log can't keep others' entries out (unix_wait_for_peer in the kernel's net/unix/af_unix.c).
func socket() (int, error) { return unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0) }

func closeSocket(fd int) { _ = unix.Close(fd) }

// sendTo sends a datagram to the log at the path.
func sendTo(fd int, path string, datagram []byte, deadline time.Time) error {
	if err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	for {
		left := time.Until(deadline)
		if left <= 0 {
			return fmt.Errorf("%s: %w", path, os.ErrDeadlineExceeded)
		}
		wait := unix.NsecToTimeval(max(left, time.Millisecond).Nanoseconds()) // 0 would be for ever
		err := unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &wait)
		if err == nil {
			err = unix.Send(fd, datagram, unix.MSG_NOSIGNAL)
		}
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EAGAIN) && !errors.Is(err, unix.EINTR): // the time is over; a signal of Go's runtime
			return fmt.Errorf("%s: %w", path, err)
		}
	}
}

// isGone reports whether the log itself is to blame: there is none, it is closed to this process,
// or it takes nothing. What a process lacks is no such thing.
func isGone(err error) bool {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return errors.Is(err, os.ErrDeadlineExceeded)
	}
	return slices.Contains([]unix.Errno{
		unix.ENOENT, unix.ENOTDIR, unix.ECONNREFUSED, unix.ECONNRESET, unix.ENOTCONN, unix.EPIPE,
		unix.ENOTSOCK, unix.EPROTOTYPE, unix.EACCES,
	}, errno)
}

func isTooLong(err error) bool {
	return errors.Is(err, unix.EMSGSIZE) || errors.Is(err, unix.ENOBUFS)
}

// settle sends an empty datagram, which journald ignores, and waits until journald has read it.
// journald handles one datagram after the other, so it has then handled all that came before.
func settle(fd int, path string, deadline time.Time) {
	if sendTo(fd, path, nil, deadline) != nil {
		return
	}
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 50*time.Millisecond) {
		if waiting, err := unix.IoctlGetInt(fd, unix.SIOCOUTQ); err != nil || waiting == 0 {
			return
		}
		time.Sleep(pause)
	}
}

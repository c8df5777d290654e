package wire

import (
	"errors"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Stdin returns standard input, which ssh or another program writes to for the client.
func Stdin() Input { return &input{fd: 0} }

// input reads from a descriptor with a deadline. Other programs may share the descriptor, so
// it stays blocking; package os would change that.
type input struct {
	fd    int
	until time.Time
}

// SetReadDeadline makes reads fail after t, unless t is zero.
func (in *input) SetReadDeadline(t time.Time) error {
	in.until = t
	return nil
}

// Read waits until there is something to read, or the deadline has passed.
func (in *input) Read(p []byte) (int, error) {
	for {
		err := in.wait()
		n := 0
		if err == nil {
			n, err = unix.Read(in.fd, p)
		}
		switch {
		case errors.Is(err, unix.EINTR), errors.Is(err, unix.EAGAIN): // a signal; another reader
		case err != nil:
			return 0, err
		case n == 0 && len(p) > 0:
			return 0, io.EOF
		default:
			return n, nil
		}
	}
}

func (in *input) wait() error {
	left := -1 // without end
	if !in.until.IsZero() {
		left = max(0, int(time.Until(in.until).Milliseconds()))
	}
	ready, err := unix.Poll([]unix.PollFd{{Fd: int32(in.fd), Events: unix.POLLIN}}, left)
	if err == nil && ready == 0 {
		return os.ErrDeadlineExceeded
	}
	return err
}

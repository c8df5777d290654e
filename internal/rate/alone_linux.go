package rate

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// Alone is for a system without a place for counts. The user's messages go one at a time, and
// each waits for the interval first. Alone returns when the message may go out.
//
// The turn is a name in the abstract socket space (unix(7)), which needs no file and cannot
// outlive its process. Anybody can take it; then nothing goes out, and the error says who has.
func Alone(ctx context.Context, uid uint32, limit Limit) error {
	release, err := turn(ctx, uid, limit)
	if err == nil {
		release()
	}
	return err
}

// turn is Alone with a way to end it.
func turn(ctx context.Context, uid uint32, limit Limit) (release func(), err error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	release = func() { _ = unix.Close(fd) }
	name := &unix.SockaddrUnix{Name: fmt.Sprintf("@msg/rate/%d", uid)}
	err = unix.Bind(fd, name)
	if err == nil {
		err = unix.Listen(fd, 1)
	}
	if errors.Is(err, unix.EADDRINUSE) {
		err = heldBy(name, uid)
	}
	if err == nil {
		waited, stop := context.WithTimeout(ctx, limit.Interval())
		defer stop()
		<-waited.Done()
		err = ctx.Err()
	}
	if err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// heldBy returns an error that says who has the name.
func heldBy(name unix.Sockaddr, uid uint32) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	if err := unix.Connect(fd, name); err != nil {
		return ErrHeld // its process does not listen yet, or has ended
	}
	peer, err := unix.GetsockoptUcred(fd, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err == nil && peer.Uid != uint32(unix.Geteuid()) { // msgd's account has the turns of all users
		return fmt.Errorf("uid %d keeps the messages of uid %d from being counted (%w)", peer.Uid, uid, ErrNowhere)
	}
	return ErrHeld
}

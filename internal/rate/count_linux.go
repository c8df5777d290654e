package rate

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

// Dir is where the counts are: root's, writable for the helper's group, closed
// to anyone else.
const Dir = "/run/msg/rate"

// patience is how long to wait for another process of the same user that is at
// the count; it takes microseconds, unless somebody has stopped it.
const patience = time.Second

// Take counts one message of the user in dir, and returns 0. Where it is one too
// many it counts nothing, and returns how long to wait until it would not be. Its
// errors are ErrNowhere and ErrHeld, with the cause.
func Take(ctx context.Context, dir string, uid uint32, limit Limit) (time.Duration, error) {
	wait, err := take(ctx, dir, strconv.FormatUint(uint64(uid), 10), uid, limit)
	if err != nil && !errors.Is(err, ErrHeld) {
		err = fmt.Errorf("%w: %s: %w", ErrNowhere, dir, err)
	}
	return wait, err
}

func take(ctx context.Context, path, name string, uid uint32, limit Limit) (time.Duration, error) {
	dir, err := openDir(path)
	if err != nil {
		return 0, err
	}
	defer unix.Close(dir)
	const flags = unix.O_RDONLY | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	file, err := unix.Openat(dir, name, flags, 0o600)
	if err != nil {
		return 0, err
	}
	defer unix.Close(file)
	if err := lock(ctx, file); err != nil {
		return 0, err
	}
	var st unix.Stat_t
	if err := unix.Fstat(file, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != uid || st.Nlink != 1 {
		return 0, fmt.Errorf("%s is not a count of uid %d", name, uid)
	}
	var clock unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &clock); err != nil {
		return 0, err
	}
	after, wait := limit.next(time.Duration(st.Mtim.Nano()), time.Duration(clock.Nano()))
	if wait > 0 {
		return wait, nil
	}
	at := unix.NsecToTimespec(after.Nanoseconds())
	return 0, unix.UtimesNanoAt(dir, name, []unix.Timespec{at, at}, unix.AT_SYMLINK_NOFOLLOW)
}

// owner is whose the folder has to be; tests that are not root's have their own.
var owner uint32

// openDir opens the folder of the counts, if it is as it has to be: only root
// and its group, which is the helper's, may change what is in it, and nobody else
// may even open a count.
func openDir(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && (st.Uid != owner || st.Mode&0o007 != 0) {
		err = errors.New("must be root's, and closed to all but its group")
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// lock takes the file for this process alone. The kernel lets go of it when the
// process ends, however that comes.
func lock(ctx context.Context, fd int) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return err
		case ctx.Err() != nil || time.Now().After(deadline):
			return ErrHeld
		}
	}
}

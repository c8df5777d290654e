package rate

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Dir is where the counts are: msgd's account's, closed to all others.
const Dir = "/run/msg/rate"

// patience is for the user's other processes. Each takes microseconds, unless it is stopped.
const patience = time.Second

// Count is a user's open count.
type Count struct {
	dir   string
	file  int
	uid   uint32
	limit Limit
}

// Open opens the user's count in dir. Its error is ErrNowhere, with the cause, or says what this
// process lacks.
func Open(dir string, uid uint32, limit Limit) (*Count, error) {
	c := &Count{dir: dir, uid: uid, limit: limit}
	folder, err := openDir(dir)
	if err != nil {
		return nil, c.nowhere(err)
	}
	defer unix.Close(folder)
	const flags = unix.O_RDONLY | unix.O_CREAT | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY | unix.O_CLOEXEC
	c.file, err = unix.Openat(folder, strconv.FormatUint(uint64(uid), 10), flags, 0o600)
	if err != nil {
		return nil, c.nowhere(err)
	}
	return c, nil
}

// nowhere returns why the message is not counted. What this process or the system lacks for a moment
// is no fault of the place for counts.
func (c *Count) nowhere(err error) error {
	for _, short := range []unix.Errno{unix.EMFILE, unix.ENFILE, unix.ENOMEM} {
		if errors.Is(err, short) {
			return fmt.Errorf("the message can't be counted: %w", err)
		}
	}
	return fmt.Errorf("%w: %s: %w", ErrNowhere, c.dir, err)
}

// Take counts one message, and returns 0. If that is one too many, it counts nothing, and
// returns how long to wait. Its errors are Open's, and ErrHeld.
func (c *Count) Take(ctx context.Context) (time.Duration, error) {
	wait, err := c.take(ctx)
	if err != nil && !errors.Is(err, ErrHeld) {
		err = c.nowhere(err)
	}
	return wait, err
}

func (c *Count) take(ctx context.Context) (time.Duration, error) {
	if err := lock(ctx, c.file); err != nil {
		return 0, err
	}
	defer func() { _ = unix.Flock(c.file, unix.LOCK_UN) }()
	var st unix.Stat_t
	if err := unix.Fstat(c.file, &st); err != nil {
		return 0, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Uid != uint32(os.Geteuid()) || st.Nlink != 1 {
		return 0, fmt.Errorf("%d is not a count of uid %d", c.uid, c.uid)
	}
	var clock unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &clock); err != nil {
		return 0, err
	}
	after, wait := c.limit.next(time.Duration(st.Mtim.Nano()), time.Duration(clock.Nano()))
	if wait > 0 {
		return wait, nil
	}
	return 0, setTimes(c.file, unix.NsecToTimespec(after.Nanoseconds()))
}

// setTimes is futimens(3), which x/sys/unix does not have: utimensat(2) without a name.
func setTimes(fd int, at unix.Timespec) error {
	times := [2]unix.Timespec{at, at}
	if _, _, errno := unix.Syscall6(unix.SYS_UTIMENSAT, uintptr(fd), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// openDir opens the folder of the counts. It has to be this process's user's, and closed to all
// others.
func openDir(path string) (int, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	var st unix.Stat_t
	err = unix.Fstat(fd, &st)
	if err == nil && (st.Uid != uint32(os.Geteuid()) || st.Mode&0o077 != 0) {
		err = errors.New("must be msgd's account's, and closed to all others")
	}
	if err != nil {
		_ = unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// lock takes the file for this process alone. The kernel releases it when the process ends.
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

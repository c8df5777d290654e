package countdown

import (
	"context"
	"fmt"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// clock is a time on one of the kernel's clocks (clock_gettime(2)).
type clock struct {
	id  int32
	end time.Duration // since that clock's beginning
}

// wallClock is a time of the clock that people set.
func wallClock(t time.Time) clock {
	return clock{unix.CLOCK_REALTIME, time.Duration(t.UnixNano())}
}

// elapsing is a time so far from now. CLOCK_BOOTTIME cannot be set, and goes on while
// the machine is suspended.
func elapsing(d time.Duration) clock {
	c := clock{id: unix.CLOCK_BOOTTIME}
	c.end = c.now() + d
	return c
}

func (c clock) now() time.Duration {
	var now unix.Timespec
	if err := unix.ClockGettime(c.id, &now); err != nil {
		panic(fmt.Sprintf("clock_gettime: %v", err)) // these two clocks are in every kernel that Go runs on
	}
	return time.Duration(now.Nano())
}

func (c clock) left() time.Duration { return c.end - c.now() }

// time is the end by the wall clock.
func (c clock) time() time.Time {
	if c.id == unix.CLOCK_REALTIME {
		return time.Unix(0, int64(c.end))
	}
	return time.Now().Add(c.left())
}

// sleep returns when no more than left is left. A timer of timerfd_create(2) that goes to
// a time, not for so long, follows the clock when it is set, and is not late after a suspend.
func (c clock) sleep(ctx context.Context, left time.Duration) error {
	fd, err := unix.TimerfdCreate(int(c.id), unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return fmt.Errorf("timerfd_create: %w", err)
	}
	timer := os.NewFile(uintptr(fd), "timer")
	defer timer.Close()
	defer context.AfterFunc(ctx, func() { _ = timer.SetReadDeadline(time.Unix(1, 0)) })()
	at := unix.ItimerSpec{Value: unix.NsecToTimespec(int64(max(c.end-left, 1)))} // 0 would mean never
	for c.left() > left && ctx.Err() == nil {
		if err := unix.TimerfdSettime(fd, unix.TFD_TIMER_ABSTIME, &at, nil); err != nil {
			return fmt.Errorf("timerfd_settime: %w", err)
		}
		var expired [8]byte
		if _, err := timer.Read(expired[:]); err != nil && ctx.Err() == nil {
			return fmt.Errorf("read a timer: %w", err)
		}
	}
	return ctx.Err()
}

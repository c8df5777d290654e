//go:build linux

package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// privilege is the group that the program is set-gid to: tty, which may write to
// every terminal whose messages are on. While it is lowered, the group is in the
// saved gid alone; what is started then has it nowhere, as execve(2) overwrites the
// saved gid with the effective one.
type privilege struct{ own, group int }

var errSetUID = errors.New("is set-uid; it must be root:tty and mode 2755")

// lower puts the group's rights away, and returns nil where there are none: the
// program is not set-gid, or the kernel did not heed that (nosuid, no_new_privs, a
// debugger).
func lower() (*privilege, error) {
	if err := bound(); err != nil {
		return nil, err
	}
	if os.Getuid() != os.Geteuid() {
		return nil, errSetUID
	}
	own, group := os.Getgid(), os.Getegid()
	if own == group {
		unbound()
		return nil, closed()
	}
	if err := change(own, own, group); err != nil {
		return nil, err
	}
	return &privilege{own: own, group: group}, nil
}

// change sets the gids of all threads; x/sys/unix does it for the calling one alone.
func change(own, effective, saved int) error {
	return errors.Join(syscall.Setresgid(own, effective, saved), closed())
}

// closed lets nobody look into this process or trace it. The kernel does that for
// what is set-gid, but as fs.suid_dumpable has it, at the start and with each change
// of the gids (proc_sys_fs(5)).
func closed() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }

const (
	// mostCPU is in seconds: some hundred times what a message to everybody takes.
	mostCPU = 20
	// leastSignals is more than there are threads.
	leastSignals = 128
)

var errSignals = errors.New("its limit of pending signals (ulimit -i) is too low")

// bound sees to it that the caller cannot have this process run for ever, or pass
// descriptors on to what it starts. The runtime changes the rights of its threads by
// a signal to each, and waits for them; where the kernel has no room for such a
// signal, that never ends.
func bound() error {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return err
	}
	// The soft limit: it can be raised again when there are no rights any more, and the
	// runtime lets nobody block or ignore its signal (SIGXCPU), at which it ends.
	limit.Cur = min(limit.Cur, limit.Max, mostCPU)
	if err := unix.Setrlimit(unix.RLIMIT_CPU, &limit); err != nil {
		return err
	}
	if err := unix.Getrlimit(rlimitSigpending, &limit); err != nil {
		return err
	}
	if limit.Cur < leastSignals {
		return errSignals
	}
	// A kernel before 5.11 has no such flag; then they stay the caller's own.
	if err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC); err != nil && !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	return nil
}

// rlimitSigpending is RLIMIT_SIGPENDING (asm-generic/resource.h), which x/sys/unix
// does not have.
const rlimitSigpending = 11

// Take takes the group's rights.
func (p *privilege) Take() error {
	return change(-1, p.group, -1)
}

// Drop gives them up for good. A program that could not would not be fit to go on.
func (p *privilege) Drop() {
	err := change(p.own, p.own, p.own)
	if r, e, s := unix.Getresgid(); err != nil || r != p.own || e != p.own || s != p.own {
		fmt.Fprintf(os.Stderr, "msg-helper: cannot give up group %d: %v\n", p.group, err)
		os.Exit(1)
	}
	unbound()
}

// unbound gives back the time that bound has taken: a message may wait for hours, and
// others may have their process do a little work all the time.
func unbound() {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_CPU, &limit); err == nil {
		limit.Cur = limit.Max
		_ = unix.Setrlimit(unix.RLIMIT_CPU, &limit) // else it ends a little early
	}
}

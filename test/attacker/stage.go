//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"unsafe"

	"msg/test/attacker/plan"

	"golang.org/x/sys/unix"
)

// stage makes of this process what the plan says, and of that the helper.
func stage(spec string) error {
	runtime.LockOSThread()
	var p plan.Plan
	if err := json.Unmarshal([]byte(spec), &p); err != nil {
		return err
	}
	if p.Path == "" {
		p.Path = helper
	}
	if p.Argv == nil && !p.NoArgv {
		p.Argv = []string{p.Path}
	}
	if p.Dir != "" {
		if err := os.Chdir(p.Dir); err != nil {
			return err
		}
	}
	for _, step := range []func(plan.Plan) error{terminal, signals, rights, descriptors, limits} {
		if err := step(p); err != nil {
			return err
		}
	}
	if p.Orphan {
		return leave(p)
	}
	err := syscall.Exec(p.Path, p.Argv, p.Env)
	if p.Limits != nil || p.Close != nil {
		os.Exit(126) // the kernel does not even start it
	}
	return err
}

func terminal(p plan.Plan) error {
	if !p.OwnTerminal {
		return nil
	}
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0) // and lives on in the helper
	if err != nil {
		return err
	}
	number, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
	if err != nil {
		return err
	}
	slave, err := openSlave(master, "/dev/pts/"+strconv.Itoa(number))
	if err != nil {
		return err
	}
	return unix.IoctlSetInt(slave, unix.TIOCSCTTY, 0)
}

func openSlave(master int, path string) (int, error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return -1, err
	}
	return unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
}

func signals(p plan.Plan) error {
	if p.Ignore {
		for n := syscall.Signal(1); n < 65; n++ {
			signal.Ignore(n)
		}
	}
	if p.Alarm > 0 {
		every := unix.MakeItimerval(p.Alarm, p.Alarm)
		for _, which := range []unix.ItimerWhich{unix.ItimerReal, unix.ItimerVirtual, unix.ItimerProf} {
			if _, err := unix.Setitimer(which, every); err != nil {
				return err
			}
		}
	}
	if p.Block {
		var all unix.Sigset_t
		for i := range all.Val {
			all.Val[i] = ^uint64(0)
		}
		return unix.PthreadSigmask(unix.SIG_SETMASK, &all, nil)
	}
	return nil
}

func rights(p plan.Plan) error {
	if p.Trace {
		if _, _, errno := unix.RawSyscall(unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0); errno != 0 {
			return errno
		}
	}
	if p.NoNewPrivs {
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	return nil
}

// leave starts the helper and ends, so that it has no parent that waits.
func leave(p plan.Plan) error {
	_, err := os.StartProcess(p.Path, p.Argv, &os.ProcAttr{
		Env: append([]string{}, p.Env...), Files: []*os.File{os.Stdin, os.Stdout, os.Stderr},
	})
	if err != nil {
		return err
	}
	os.Exit(0)
	return nil
}

func descriptors(p plan.Plan) error {
	for at, path := range p.Open {
		fd, err := open(path)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if fd == at {
			_, err = unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
		} else {
			err = unix.Dup3(fd, at, 0)
		}
		if err != nil {
			return err
		}
	}
	for _, fd := range p.Close {
		_ = unix.Close(fd)
	}
	return nil
}

func open(path string) (int, error) {
	if path == "socket" {
		pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		return pair[0], err
	}
	fd, err := unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if errors.Is(err, unix.EISDIR) {
		return unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	}
	return fd, err
}

var resources = map[string]int{
	"AS": unix.RLIMIT_AS, "CORE": unix.RLIMIT_CORE, "CPU": unix.RLIMIT_CPU, "DATA": unix.RLIMIT_DATA,
	"FSIZE": unix.RLIMIT_FSIZE, "MEMLOCK": unix.RLIMIT_MEMLOCK, "NOFILE": unix.RLIMIT_NOFILE,
	"NPROC": unix.RLIMIT_NPROC, "STACK": unix.RLIMIT_STACK, "SIGPENDING": 11, "LOCKS": unix.RLIMIT_LOCKS,
	"MSGQUEUE": 12, "NICE": 13, "RTPRIO": 14, "RTTIME": 15, "RSS": unix.RLIMIT_RSS,
}

// limits comes last: with them this program might not get on itself.
func limits(p plan.Plan) error {
	for name, value := range p.Limits {
		number, ok := resources[name]
		if !ok {
			return fmt.Errorf("no limit %q", name)
		}
		limit := unix.Rlimit{Cur: uint64(value), Max: uint64(value)}
		// Not by package syscall, which has an opinion of NOFILE of its own.
		_, _, errno := unix.RawSyscall6(unix.SYS_PRLIMIT64, 0, uintptr(number), uintptr(unsafe.Pointer(&limit)), 0, 0, 0)
		if errno != 0 {
			return fmt.Errorf("%s: %w", name, errno)
		}
	}
	return nil
}

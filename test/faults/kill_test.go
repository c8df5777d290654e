//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"msg/internal/message"
	"msg/test/island"
)

// waits are the options of a message that waits for answers as briefly as it can.
var waits = []string{"--wait", "--time", "5ms"}

// TestHelperKilled kills the helper at a random time within its life.
func TestHelperKilled(t *testing.T) {
	s := newStage(t, 3)
	for name, options := range map[string][]string{"": nil, ", with --wait": waits} {
		c := fault(t, "helper killed at a random time"+name)
		for range 100 {
			r := s.begin(&people[0], options...)
			if pid := r.child(); pid != 0 {
				time.Sleep(rand.N(15 * time.Millisecond))
				_ = unix.Kill(pid, unix.SIGKILL)
			}
			c.tried(errors.Join(s.judge(r.wait()), s.goesOn(&people[0])))
		}
	}
}

// TestHelperStopped stops the helper for a while.
func TestHelperStopped(t *testing.T) {
	s := newStage(t, 3)
	c := fault(t, "helper stopped for up to 30 ms")
	for range 100 {
		r := s.begin(&people[0])
		if pid := r.child(); pid != 0 {
			time.Sleep(rand.N(10 * time.Millisecond))
			_ = unix.Kill(pid, unix.SIGSTOP)
			time.Sleep(rand.N(30 * time.Millisecond))
			_ = unix.Kill(pid, unix.SIGCONT)
		}
		out := r.wait()
		err := s.judge(out)
		if out.state.ExitCode() != 0 {
			err = errors.Join(err, fmt.Errorf("%v, %+v", out.state, out.results))
		}
		c.tried(err)
	}
}

// TestFrontKilled kills msg: its helper goes, too, and so do the sockets and notices.
func TestFrontKilled(t *testing.T) {
	s := newStage(t, 3)
	stuck := opened(t, island.Open, 10, 1)[0]
	if err := errors.Join(stuck.Lead(), stuck.Hold()); err != nil {
		t.Fatal(err)
	}
	for _, one := range []struct {
		fault   string
		by      *island.Person
		options []string
		more    string // targets
		tries   int
	}{
		{"msg killed at a random time (user)", &people[0], nil, "", 40},
		{"msg killed at a random time (root)", nil, nil, "", 40},
		{"msg killed while a terminal is held (user)", &people[0], nil, stuck.Name, 20},
		{"msg killed, with --wait (user)", &people[0], []string{"--wait"}, "", 20},
		{"msg killed, with --wait (root)", nil, []string{"--wait"}, "", 20},
		{"msg countdown killed (root)", nil, []string{"countdown", "--until", "+1h"}, "*", 15},
	} {
		c := fault(t, one.fault)
		for range one.tries {
			r := s.to(one.by, one.more, one.options...)
			time.Sleep(rand.N(25 * time.Millisecond))
			_ = r.cmd.Process.Kill()
			out := r.wait()
			err := gone() // before it is looked at what it has done
			c.tried(errors.Join(err, s.judge(out), s.goesOn(one.by)))
		}
	}
}

// TestHelperSteps kills the helper before each of its system calls that somebody else
// could notice.
func TestHelperSteps(t *testing.T) {
	s := newStage(t, 2)
	tracer := newTracer(t)
	for name, options := range map[string][]string{"": nil, ", with --wait": waits} {
		c := fault(t, "helper killed before each system call"+name)
		steps, reached := 0, 0
		for past := 0; past < 3; steps++ { // their number is not the same each time
			w := word()
			cmd := program(&people[0], tracedMsg, append(slices.Clone(options), "--json", s.all(), text(w))...)
			r := s.start(cmd, w)
			killed := tracer.killBefore(steps + 1)
			out := r.wait()
			err := errors.Join(s.judge(out), s.goesOn(&people[0]))
			switch all := out.all(message.Delivered, len(s.terminals)); {
			case all && killed:
				reached++
			case !killed:
				if past++; !all { // traced, it works as it always does
					err = errors.Join(err, fmt.Errorf("not killed: %v, %+v", out.state, out.results))
				}
			}
			c.tried(err)
		}
		t.Logf("%d steps; everyone had it at %d of them", steps, reached)
	}
}

// TestHelperStoppedLong stops helpers for longer than a message may take to go out. What was
// to become a socket before that test is gone after it.
func TestHelperStoppedLong(t *testing.T) {
	s := newStage(t, 20)
	c := fault(t, "helper stopped for 11 s")
	outs := make([]sent, len(s.terminals))
	alone := func(i int) *stage { return &stage{T: t, log: s.log, terminals: s.terminals[i : i+1]} }
	var all sync.WaitGroup
	for i := range outs {
		r := alone(i).begin(&people[30+i])
		all.Go(func() {
			if pid := r.child(); pid != 0 {
				time.Sleep(rand.N(15 * time.Millisecond))
				_ = unix.Kill(pid, unix.SIGSTOP)
				time.Sleep(11 * time.Second)
				_ = unix.Kill(pid, unix.SIGCONT)
			}
			outs[i] = r.wait()
		})
	}
	all.Wait()
	for i, out := range outs {
		c.tried(alone(i).judge(out))
	}
	s.send(nil)
	if entries, err := os.ReadDir(runPending); err != nil || len(entries) > 0 {
		t.Errorf("left behind for 10 s: %v, %v", entries, err)
	}
}

// tracedMsg is msg with a helper of its own, which waits to be traced and then becomes
// the helper that is installed.
const tracedMsg = "/usr/local/traced/bin/msg"

// waiting is that helper.
const waiting = `#!/bin/sh
echo $$ >/run/island/traced/pid
read -r _ </run/island/traced/go
exec ` + island.Helper + "\n"

// tracer traces helpers, one after the other.
type tracer struct {
	*testing.T
	pid, start *os.File // pipes
	want       chan int
	killed     chan bool
}

func newTracer(t *testing.T) *tracer {
	t.Helper()
	const dir = "/run/island/traced"
	helper := "/usr/local/traced/libexec/msg-helper"
	err := errors.Join(
		os.MkdirAll(filepath.Dir(tracedMsg), 0o755), os.MkdirAll(filepath.Dir(helper), 0o755), os.MkdirAll(dir, 0o755),
		os.WriteFile(helper, []byte(waiting), 0o755), os.Link(island.Msg, tracedMsg),
	)
	tr := &tracer{T: t, want: make(chan int), killed: make(chan bool)}
	for name, f := range map[string]**os.File{"pid": &tr.pid, "go": &tr.start} {
		path := filepath.Join(dir, name)
		var openErr error
		err = errors.Join(err, unix.Mkfifo(path, 0), os.Chmod(path, 0o666))
		*f, openErr = os.OpenFile(path, os.O_RDWR, 0)
		err = errors.Join(err, openErr)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		close(tr.want)
		tr.pid.Close()
		tr.start.Close()
		os.RemoveAll(dir)
		os.RemoveAll("/usr/local/traced")
	})
	go tr.run()
	tr.want <- 0
	<-tr.killed
	return tr
}

// killBefore kills the helper that is started next before the n-th system call, and
// reports whether it came so far.
func (tr *tracer) killBefore(n int) bool {
	tr.want <- n
	return <-tr.killed
}

// run is one thread for all of them: only who has attached to a process may trace it. No
// other goroutine starts anything on that thread, so it waits for what it traces alone.
func (tr *tracer) run() {
	runtime.LockOSThread()
	<-tr.want // until this thread is its own, others may start programs on it
	tr.killed <- false
	for n := range tr.want {
		killed, err := tr.one(n)
		if err != nil {
			tr.Error(err)
		}
		tr.killed <- killed
	}
}

func (tr *tracer) one(n int) (killed bool, err error) {
	var pid int
	if err := tr.pid.SetReadDeadline(time.Now().Add(patience)); err != nil {
		return false, err
	}
	if _, err := fmt.Fscanln(tr.pid, &pid); err != nil {
		return false, fmt.Errorf("no helper is started: %w", err)
	}
	if err := unix.PtraceSeize(pid); err != nil {
		return false, err
	}
	if err := unix.PtraceInterrupt(pid); err != nil {
		return false, err
	}
	if _, err := tr.start.WriteString("\n"); err != nil {
		return false, err
	}
	counting, calls, first := false, 0, true
	for {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err != nil:
			return killed, err
		case !status.Stopped() && tid == pid: // the last of its threads
			return killed, nil
		case !status.Stopped():
			continue
		}
		if first {
			const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEEXEC
			if err := unix.PtraceSetOptions(pid, options); err != nil {
				return killed, err
			}
			first = false
		}
		pass := 0
		switch signal, event := status.StopSignal(), int(status>>16); {
		case signal == unix.SIGTRAP|0x80:
			if !counting || !noticed(tid) {
				break
			}
			if calls++; calls == n {
				killed = true
				_ = unix.Kill(pid, unix.SIGKILL)
			}
		case event == unix.PTRACE_EVENT_EXEC:
			counting = true
		case event == 0:
			pass = int(signal)
		}
		_ = unix.PtraceSyscall(tid, pass) // it may have been killed
	}
}

// noticed reports whether a stopped thread is about to make a system call that others could
// notice. To be killed before one that nobody does is the same as before the next.
func noticed(tid int) bool {
	var info struct {
		op   uint8
		_    [23]byte
		call uint64
		args [6]uint64
		_    [4]uint64
	}
	const getInfo, entry = 0x420e, 1 // PTRACE_GET_SYSCALL_INFO, PTRACE_SYSCALL_INFO_ENTRY (linux/ptrace.h)
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, getInfo, uintptr(tid), unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 || info.op != entry {
		return false
	}
	return !dull[info.call] || info.call == unix.SYS_OPENAT && info.args[2]&unix.O_CREAT != 0
}

// dull are the system calls that change nothing outside.
var dull = map[uint64]bool{
	unix.SYS_RT_SIGACTION: true, unix.SYS_RT_SIGPROCMASK: true, unix.SYS_RT_SIGRETURN: true, unix.SYS_SIGALTSTACK: true,
	unix.SYS_MMAP: true, unix.SYS_MUNMAP: true, unix.SYS_MADVISE: true, unix.SYS_BRK: true, unix.SYS_PRLIMIT64: true,
	unix.SYS_FUTEX: true, unix.SYS_NANOSLEEP: true, unix.SYS_GETTID: true, unix.SYS_GETPID: true, unix.SYS_TGKILL: true,
	unix.SYS_GETUID: true, unix.SYS_GETEUID: true, unix.SYS_GETGID: true, unix.SYS_GETEGID: true, unix.SYS_GETSID: true,
	unix.SYS_GETRESGID: true, unix.SYS_GETRANDOM: true, unix.SYS_UNAME: true, unix.SYS_SCHED_GETAFFINITY: true,
	unix.SYS_OPENAT: true, unix.SYS_READ: true, unix.SYS_PREAD64: true, unix.SYS_LSEEK: true, unix.SYS_FCNTL: true,
	unix.SYS_FSTAT: true, unix.SYS_NEWFSTATAT: true, unix.SYS_STATX: true, unix.SYS_READLINKAT: true, unix.SYS_GETDENTS64: true,
	unix.SYS_EPOLL_CREATE1: true, unix.SYS_EPOLL_CTL: true, unix.SYS_EPOLL_PWAIT: true, unix.SYS_EVENTFD2: true,
}

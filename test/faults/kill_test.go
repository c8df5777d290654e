//go:build linux

package faults_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
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

// TestKilled kills the judge, or the monitor, at a random time within its life.
func TestKilled(t *testing.T) {
	s := newStage(t, 3)
	for _, role := range []string{judgeRole, monitorRole} {
		for name, options := range map[string][]string{"": nil, ", with --wait": waits} {
			c := fault(t, role+" killed at a random time"+name)
			for range 70 {
				r := s.begin(&people[0], options...)
				if pid := r.process(role); pid != 0 {
					time.Sleep(rand.N(15 * time.Millisecond))
					_ = unix.Kill(pid, unix.SIGKILL)
				}
				c.tried(errors.Join(s.judge(r.wait()), s.goesOn(&people[0])))
			}
		}
	}
}

// TestListenerKilled kills the listener at a random time while a message is on its way. A
// conversation that has begun ends as if nothing was.
func TestListenerKilled(t *testing.T) {
	s := newStage(t, 3)
	begun := 0
	for name, options := range map[string][]string{"": nil, ", with --wait": waits} {
		c := fault(t, "listener killed at a random time"+name)
		for range 50 {
			r := s.begin(&people[0], options...)
			time.Sleep(rand.N(25 * time.Millisecond))
			if err := service.Kill(); err != nil {
				t.Fatal(err)
			}
			out := r.wait()
			if out.all(message.Delivered, len(s.terminals)) {
				begun++
			}
			err := errors.Join(s.judge(out), s.allOrNone(out))
			if restartErr := service.Restart((*exec.Cmd).Start); restartErr != nil {
				t.Fatal(restartErr)
			}
			c.tried(errors.Join(err, s.goesOn(&people[0])))
		}
	}
	if t.Logf("%d of 100 had begun", begun); begun == 0 || begun == 100 {
		t.Error("the moments are always the same")
	}
}

// TestRestarted: an upgrade replaces msgd and starts another. A message that waits for an answer
// goes on with the msgd before, and others go to the new one meanwhile.
func TestRestarted(t *testing.T) {
	s := newStage(t, 1)
	c := fault(t, "msgd upgraded while a message waits for its answer")
	for range 10 {
		r := s.begin(&people[0], "--wait", "--time", "1m")
		if err := s.terminals[0].Await("Answer: msg ok", patience); err != nil {
			t.Fatal(err)
		}
		upgraded := island.Msgd + ".new"
		if out, err := exec.Command("cp", island.Msgd, upgraded).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		if err := os.Rename(upgraded, island.Msgd); err != nil {
			t.Fatal(err)
		}
		restart(t, (*exec.Cmd).Start)
		err := s.terminals[0].Settle(patience)
		screen, _ := s.terminals[0].Take()
		code := answerCode.FindSubmatch(screen)
		next := s.send(&people[5])
		if next.state.ExitCode() != 0 || len(code) != 2 {
			t.Fatalf("the next message: %+v, %q; %q", next.results, next.stderr, screen)
		}
		out, okErr := program(&s.terminals[0].Person, island.Msg, "ok", string(code[1])).CombinedOutput()
		if okErr != nil {
			err = errors.Join(err, fmt.Errorf("the answer: %w: %s", okErr, out))
		}
		if sent := r.wait(); sent.state.ExitCode() != 0 || sent.err != nil {
			err = errors.Join(err, fmt.Errorf("%v, %v, %+v, %q", sent.err, sent.state, sent.results, sent.stderr))
		}
		s.shown(s.terminals[0])
		c.tried(errors.Join(err, s.goesOn(&people[0])))
	}
}

var answerCode = regexp.MustCompile(`Answer: msg ok (\w+)`)

// allOrNone holds that everyone has a message, or that msg says that no msgd has had it.
func (s *stage) allOrNone(out sent) error {
	if out.all(message.Delivered, len(s.terminals)) {
		return nil
	}
	refused := out.state.ExitCode() == 2 && len(out.results) == 0 && strings.Contains(out.stderr, "msgd")
	other := func(r message.Result) bool {
		return r.Event != "summary" && (r.Event != message.Failed || r.Reason != message.NoHelper)
	}
	if !refused && (len(out.results) == 0 || slices.ContainsFunc(out.results, other)) {
		return fmt.Errorf("neither all have it nor is it said that there is no msgd: %+v", out.results)
	}
	return nil
}

// TestStopped stops the judge, or the monitor, for a while.
func TestStopped(t *testing.T) {
	s := newStage(t, 3)
	for _, role := range []string{judgeRole, monitorRole} {
		c := fault(t, role+" stopped for up to 30 ms")
		for range 70 {
			r := s.begin(&people[0])
			if pid := r.process(role); pid != 0 {
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
}

// TestFrontKilled kills msg: its conversation with msgd ends, too, and so do the sockets and
// notices.
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

// TestSteps kills each process of msgd before each of its system calls that somebody else
// could notice.
func TestSteps(t *testing.T) {
	s := newStage(t, 2)
	for _, role := range []string{judgeRole, monitorRole, listenerRole} {
		for name, options := range map[string][]string{"": nil, ", with --wait": waits} {
			s.steps(role, fault(t, role+" killed before each system call"+name), options)
		}
	}
}

func (s *stage) steps(role string, c *count, options []string) {
	tracer := newTracer(s.T, role)
	defer func() { tracer.end() }()
	steps, reached := 0, 0
	for past := 0; past < 3; steps++ { // their number is not the same each time
		tracer.killBefore(steps + 1)
		out := s.begin(&people[0], options...).wait()
		killed, err := tracer.killed()
		err = errors.Join(err, s.judge(out))
		if role == listenerRole && killed {
			err = errors.Join(err, s.allOrNone(out))
			tracer.end()
			tracer = newTracer(s.T, role)
		}
		err = errors.Join(err, s.goesOn(&people[0]))
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
	if s.Logf("%s: %d steps; everyone had it at %d of them", c.fault, steps, reached); steps < 6 {
		s.Errorf("only %d steps: the tracer sees nothing", steps)
	}
}

// TestJudgeStoppedLong stops judges for longer than a message may take to go out. What was to
// become a socket before that test is gone after it.
func TestJudgeStoppedLong(t *testing.T) {
	s := newStage(t, 20)
	c := fault(t, "judge stopped for 11 s")
	outs := make([]sent, len(s.terminals))
	alone := func(i int) *stage { return &stage{T: t, log: s.log, terminals: s.terminals[i : i+1]} }
	var all sync.WaitGroup
	var known []int
	for i := range outs {
		r := alone(i).begin(&people[30+i])
		pid := r.process(judgeRole, known...)
		known = append(known, pid)
		all.Go(func() {
			if pid != 0 {
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

// TestMonitorStoppedLong stops a monitor for good. Its judge waits for it once, not once for
// each terminal, and nobody has the message.
func TestMonitorStoppedLong(t *testing.T) {
	const gives = 10 * time.Second // the judge waits so long for the monitor
	s := newStage(t, 20)
	c := fault(t, "monitor stopped for 30 s")
	for range 2 {
		begun := time.Now()
		r := s.begin(&people[0])
		pid := r.process(monitorRole)
		if pid == 0 || unix.Kill(pid, unix.SIGSTOP) != nil {
			t.Fatal("no monitor was met")
		}
		out := r.wait()
		took := time.Since(begun)
		_ = unix.Kill(pid, unix.SIGKILL)
		err := s.judge(out)
		if !out.all(message.Failed, len(s.terminals)) || took > gives+gives/2 {
			err = errors.Join(err, fmt.Errorf("after %v: %+v", took, out.results))
		}
		c.tried(errors.Join(err, s.goesOn(&people[0])))
	}
}

// listenerRole is what a tracer calls the listener.
const listenerRole = "listener"

// tracer steps through the processes of one role, and kills one.
type tracer struct {
	*testing.T
	role     string
	listener int
	ready    chan error    // has an error, or nil as soon as everything is traced
	gone     chan struct{} // closed when the listener and all that was traced has ended
	ended    chan bool     // for each process of the role that was to be killed: whether it was

	mu     sync.Mutex
	most   int // kill before this call, if the next process of the role comes so far; 0 is never
	calls  int
	victim int // the process that is stepped through; 0 for none
	hit    bool

	// The thread that traces has these for itself.
	kinds map[int]kind // by thread
}

// kind is what a traced thread is.
type kind uint8

const (
	listening kind = iota + 1 // of the listener
	fresh                     // of a process that it has started, and that has no role yet
	stepped                   // of the process that is to be killed
)

// newTracer traces the listener, and all that it starts.
func newTracer(t *testing.T, role string) *tracer {
	t.Helper()
	tr := &tracer{
		T: t, role: role, listener: service.PID, kinds: map[int]kind{},
		ready: make(chan error, 1), gone: make(chan struct{}), ended: make(chan bool, 1),
	}
	go tr.run()
	if err := <-tr.ready; err != nil {
		t.Fatal(err)
	}
	return tr
}

// killBefore has the next process of the role be killed before its n-th system call. Of the
// listener, it is the n-th from now on.
func (tr *tracer) killBefore(n int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.most, tr.calls, tr.victim, tr.hit = n, 0, 0, false
	if tr.role == listenerRole {
		tr.victim = tr.listener
	}
}

// killed waits for the end of the process that was to be killed, and reports whether it was. The
// message has ended: the listener does not.
func (tr *tracer) killed() (bool, error) {
	if tr.role == listenerRole {
		tr.mu.Lock()
		defer tr.mu.Unlock()
		tr.most = 0
		return tr.hit, nil
	}
	select {
	case killed := <-tr.ended:
		return killed, nil
	case <-time.After(patience):
		return false, fmt.Errorf("no %s has begun and ended", tr.role)
	}
}

// end ends the listener and starts another, which nobody traces.
func (tr *tracer) end() {
	tr.Helper()
	// service.Kill would take the listener's end away from the thread that traces it.
	if err := unix.Kill(tr.listener, unix.SIGKILL); err != nil && !errors.Is(err, unix.ESRCH) {
		tr.Fatal(err)
	}
	select {
	case <-tr.gone:
	case <-time.After(patience):
		tr.Fatal("what is traced does not end")
	}
	if err := service.Restart((*exec.Cmd).Start); err != nil {
		tr.Fatal(err)
	}
}

// run is one thread for everything: only the thread that has attached to a process may trace it.
// The thread ends with it.
func (tr *tracer) run() {
	defer close(tr.gone)
	runtime.LockOSThread()
	err := tr.seize()
	tr.ready <- err
	if err != nil {
		return
	}
	for len(tr.kinds) > 0 {
		var status unix.WaitStatus
		tid, err := unix.Wait4(-1, &status, unix.WALL|unix.WNOTHREAD, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil:
			return
		case !status.Stopped():
			delete(tr.kinds, tid)
			tr.over(tid)
		default:
			tr.stopped(tid, status)
		}
	}
}

// seize attaches to all threads of the listener.
func (tr *tracer) seize() error {
	const options = unix.PTRACE_O_TRACESYSGOOD | unix.PTRACE_O_TRACECLONE | unix.PTRACE_O_TRACEFORK | unix.PTRACE_O_TRACEVFORK | unix.PTRACE_O_TRACEEXEC
	for more := true; more; {
		more = false
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", tr.listener))
		if err != nil {
			return err
		}
		for _, thread := range threads {
			tid, err := strconv.Atoi(thread.Name())
			if err != nil || tr.kinds[tid] != 0 {
				continue
			}
			_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_SEIZE, uintptr(tid), 0, options, 0, 0)
			if errno == unix.EPERM { // another thread has started it, which is traced: so is this one
				continue
			}
			if errno != 0 {
				return errno
			}
			tr.kinds[tid], more = listening, true
			if err := unix.PtraceInterrupt(tid); err != nil {
				return err
			}
		}
	}
	return nil
}

// stopped goes on with a thread that has stopped.
func (tr *tracer) stopped(tid int, status unix.WaitStatus) {
	if tr.kinds[tid] == 0 {
		tr.kinds[tid] = tr.kindOf(tid)
	}
	pass := 0
	switch signal, event := status.StopSignal(), int(status>>16); {
	case signal == unix.SIGTRAP|0x80:
		tr.call(tid)
	case event == unix.PTRACE_EVENT_EXEC:
		if !tr.takes(tid) {
			delete(tr.kinds, tid)
			_ = unix.PtraceDetach(tid)
			return
		}
		tr.kinds[tid] = stepped
	case event == 0:
		pass = int(signal)
	}
	// It may have been killed: then neither goes on.
	if k := tr.kinds[tid]; k == stepped || k == listening && tr.role == listenerRole {
		_ = unix.PtraceSyscall(tid, pass)
	} else {
		_ = unix.PtraceCont(tid, pass)
	}
}

// kindOf returns what a new thread is: one of a process that is known, or a new process.
func (tr *tracer) kindOf(tid int) kind {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid)) // it has stopped: it is there, or killed
	_, after, _ := strings.Cut(string(status), "\nTgid:")
	var process int
	if _, err := fmt.Sscan(after, &process); err == nil && process != tid && tr.kinds[process] != 0 {
		return tr.kinds[process]
	}
	return fresh
}

// takes reports whether a process that has got its role is the one to be killed.
func (tr *tracer) takes(pid int) bool {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.most == 0 || tr.victim != 0 || roleOf(pid) != tr.role {
		return false
	}
	tr.victim = pid
	return true
}

// call counts a system call of the process that is to be killed.
func (tr *tracer) call(tid int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.most == 0 || tr.victim == 0 || !noticed(tid) {
		return
	}
	if tr.calls++; tr.calls == tr.most {
		tr.hit = true
		_ = unix.Kill(tr.victim, unix.SIGKILL)
	}
}

// over tells that a process has ended, if it is the one.
func (tr *tracer) over(pid int) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if tr.role != listenerRole && pid == tr.victim {
		tr.most, tr.victim = 0, 0
		tr.ended <- tr.hit
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
	unix.SYS_GETSOCKOPT: true, unix.SYS_RECVMSG: true, unix.SYS_POLL: true, unix.SYS_PPOLL: true, unix.SYS_WAIT4: true,
	unix.SYS_PRCTL: true, unix.SYS_CAPGET: true, unix.SYS_CAPSET: true, unix.SYS_CLOCK_GETTIME: true,
	unix.SYS_SETRESUID: true, unix.SYS_SETRESGID: true, unix.SYS_SETGROUPS: true, unix.SYS_SETUID: true, unix.SYS_SETGID: true,
	unix.SYS_EPOLL_CREATE1: true, unix.SYS_EPOLL_CTL: true, unix.SYS_EPOLL_PWAIT: true, unix.SYS_EVENTFD2: true,
}

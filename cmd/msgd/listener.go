//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/peer"
	"msg/internal/wire"
)

// idleTime is how long a listener that systemd started stays without a conversation.
const idleTime = time.Minute

// listener accepts conversations, bounds them, and starts a judge and a monitor for each. It
// reads no byte of anybody's.
type listener struct {
	door   *os.File
	judge  account
	groups []uint32      // of judges and monitors, besides their own
	idle   time.Duration // 0 for a listener that never ends
	owners *owners

	closing chan struct{}  // bounds the closes at once
	closes  sync.WaitGroup // those at work

	mu       sync.Mutex
	places   *places
	children map[int]bool // judges and monitors, by pid
	open     int          // conversations
	busy     time.Time    // when a conversation last began or ended
}

func newListener(door *os.File, judge account, idle time.Duration) *listener {
	l := &listener{
		door: door, judge: judge, idle: idle, owners: newOwners(subuidFile, asGetent(judge)),
		closing: make(chan struct{}, mostClosing), places: newPlaces(), children: map[int]bool{}, busy: time.Now(),
	}
	if gid, ok := hidepidGroup(); ok {
		l.groups = append(l.groups, gid)
	}
	// From now on nobody can send descriptors along, if the kernel can have it so. A connection
	// has it from the door, but for those that wait already.
	_ = unix.SetsockoptInt(int(door.Fd()), unix.SOL_SOCKET, soPassRights, 0)
	return l
}

// serve accepts until the listener is idle, or SIGTERM ends it. Conversations go on without it.
func (l *listener) serve() error {
	signal.Ignore(syscall.SIGPIPE) // of a log that nobody reads any more
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGCHLD)
	go func() {
		for range ended {
			l.reap()
		}
	}()
	for {
		if l.idle > 0 {
			if err := l.door.SetReadDeadline(time.Now().Add(l.idle)); err != nil {
				return fmt.Errorf("the door: %w", err)
			}
		}
		fd, err := accept(l.door)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if l.isIdle() {
				return nil // systemd keeps the door, and starts another
			}
		case err != nil && !mayPass(err):
			return fmt.Errorf("the door: %w", err)
		case err != nil: // the client has gone already, or this system lacks something
			time.Sleep(5 * time.Millisecond)
		default:
			l.begin(fd)
			l.close(fd)
		}
	}
}

func (l *listener) isIdle() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open == 0 && time.Since(l.busy) >= l.idle*9/10
}

// accept is accept4(2), which waits in the runtime.
func accept(door *os.File) (fd int, err error) {
	raw, err := door.SyscallConn()
	if err != nil {
		return -1, err
	}
	var acceptErr error
	err = raw.Read(func(listening uintptr) bool {
		fd, _, acceptErr = unix.Accept4(int(listening), unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
		return !errors.Is(acceptErr, unix.EAGAIN)
	})
	if err == nil {
		err = acceptErr
	}
	return fd, err
}

// mayPass reports whether a later accept may succeed: not if the door is closed, or if it is no
// socket that listens.
func mayPass(err error) bool {
	var errno unix.Errno
	if !errors.As(err, &errno) {
		return false
	}
	return !slices.Contains([]unix.Errno{unix.EBADF, unix.EINVAL, unix.ENOTSOCK, unix.EOPNOTSUPP}, errno)
}

// soPassRights is SO_PASSRIGHTS (asm-generic/socket.h, Linux 6.16), which x/sys/unix does not
// have yet.
const soPassRights = 83

const (
	mostClosing = 64
	wakeTime    = 5 * time.Millisecond
)

// close closes a connection. A client may have sent descriptors along: the last close of one
// may take as long as the client has said (SO_LINGER in socket(7)), and nobody would get in
// meanwhile. Only a signal ends that.
func (l *listener) close(conn int) {
	if passes, err := unix.GetsockoptInt(conn, unix.SOL_SOCKET, soPassRights); err == nil && passes == 0 {
		_ = unix.Close(conn)
		return
	}
	l.closing <- struct{}{}
	l.closes.Add(1)
	thread, done := make(chan int, 1), make(chan struct{})
	go func() {
		defer l.closes.Done()
		defer close(done)
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		thread <- unix.Gettid()
		_ = unix.Close(conn)
	}()
	go func() {
		defer func() { <-l.closing }()
		for id := <-thread; ; {
			select {
			case <-done:
				return
			case <-time.After(wakeTime):
				_ = unix.Tgkill(unix.Getpid(), id, unix.SIGURG) // which Go's runtime ignores
			}
		}
	}()
}

// begin starts a conversation, or says why not.
func (l *listener) begin(conn int) {
	var accepted unix.Timespec
	who, err := peer.Of(conn)
	if err == nil {
		who.Close()
		err = unix.ClockGettime(unix.CLOCK_BOOTTIME, &accepted)
	}
	if err != nil {
		refuse(conn, problem(err.Error()))
		return
	}
	now := time.Now()
	of := l.owners.of(who.UID, now)
	l.mu.Lock()
	defer l.mu.Unlock()
	if refusal := l.places.enter(of, now); refusal != nil {
		refuse(conn, *refusal)
		return
	}
	l.busy = now
	if err := l.start(conn, of, accepted.Nano()); err != nil {
		l.places.leave(of)
		fmt.Fprintf(os.Stderr, "msgd: a conversation of uid %d does not start: %v\n", who.UID, err)
		refuse(conn, problem("msgd cannot start a conversation; its log says why"))
	}
}

// refuse tells a client in place of the hello that nothing will be done. A line fits into the
// socket; a client that has gone does not read it.
func refuse(conn int, with wire.Ending) {
	line, err := json.Marshal(with)
	if err == nil {
		_, _ = unix.Write(conn, append(line, '\n'))
	}
}

func problem(words string) wire.Ending { return wire.Ending{Event: wire.EventError, Problem: words} }

// start starts the judge and the monitor of a conversation. l.mu is held.
func (l *listener) start(conn int, of owner, accepted int64) error {
	// A new process has copies of all descriptors until its exec. If one of a connection that is
	// closed meanwhile is the last, the exec waits for that close, and nothing ends that.
	l.closes.Wait()
	between, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() {
		_ = unix.Close(between[0])
		_ = unix.Close(between[1])
	}()
	over, err := newOver()
	if err != nil {
		return err
	}
	defer over.judges.Close()
	at := strconv.FormatInt(accepted, 10)
	ids := []string{judgeRole, at, strconv.FormatUint(uint64(l.judge.uid), 10), strconv.FormatUint(uint64(l.judge.gid), 10)}
	for _, gid := range l.groups {
		ids = append(ids, strconv.FormatUint(uint64(gid), 10))
	}
	monitor, err := startSelf([]int{conn, between[1]}, monitorRole, at)
	if err != nil {
		return errors.Join(err, over.ours.Close())
	}
	l.children[monitor] = true
	judge, err := startSelf([]int{conn, between[0], int(over.judges.Fd())}, ids...)
	if err != nil {
		return errors.Join(err, over.ours.Close()) // the monitor ends as nobody is at its other end
	}
	l.children[judge] = true
	l.open++
	go l.await(over.ours, of)
	return nil
}

// over is a pipe that ends with a conversation. That a judge ends would not do: a terminal may hold
// its process for as long as its owner likes.
type over struct{ ours, judges *os.File }

func newOver() (over, error) {
	ours, judges, err := os.Pipe()
	return over{ours, judges}, err
}

// await frees the place of a conversation when it is over.
func (l *listener) await(over *os.File, of owner) {
	_, _ = over.Read(make([]byte, 1))
	_ = over.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.open--
	l.places.leave(of)
	l.busy = time.Now()
}

// The descriptors of a judge and of a monitor.
const (
	connFD    = 3 // the conversation
	betweenFD = 4 // the other of the two
	overFD    = 5 // of a judge: the conversation is over when it is closed
)

// startSelf starts this very program, with these files from connFD on, even if its file is another
// one by now.
func startSelf(files []int, args ...string) (pid int, err error) {
	null, err := unix.Open("/dev/null", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	defer unix.Close(null)
	all := []uintptr{uintptr(null), uintptr(null), 2}
	for _, fd := range files {
		all = append(all, uintptr(fd))
	}
	return syscall.ForkExec("/proc/self/exe", append([]string{"msgd"}, args...), &syscall.ProcAttr{Dir: "/", Env: []string{}, Files: all})
}

// reap takes in which processes have ended.
func (l *listener) reap() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for pid := range l.children {
		if hasEnded(pid) {
			delete(l.children, pid)
		}
	}
}

// hasEnded reports whether a child has ended, and says so if a signal has ended it.
func hasEnded(pid int) bool {
	var status syscall.WaitStatus
	ended, err := syscall.Wait4(pid, &status, syscall.WNOHANG, nil)
	if err == nil && ended == pid && status.Signaled() {
		fmt.Fprintf(os.Stderr, "msgd: process %d was ended by %v\n", pid, status.Signal())
	}
	return err != nil || ended == pid
}

//go:build linux

package island

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Terminal is a pseudo-terminal with a person in front, who reads all that comes.
type Terminal struct {
	Name   string // pts/3
	Path   string // /dev/pts/3
	Person Person
	Master *os.File
	Leader int  // the pid of the session leader; 0 without one
	Held   bool // by Hold: it takes nothing

	slave *os.File // a terminal that nobody has open has hung up

	mu   sync.Mutex
	come *sync.Cond // when something has come, or nothing more will
	seen []byte
	last time.Time // when the last of it came
	end  error     // why nothing more will come
}

// Open opens a terminal of 80 columns, with messages on, that belongs to a person. Nobody
// leads it. It is read until it is hung up.
func Open(p Person) (*Terminal, error) {
	fd, err := unix.Open("/dev/pts/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("opening a terminal: %w", err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		return nil, err
	}
	t := &Terminal{Name: fmt.Sprint("pts/", number), Person: p}
	t.Path, t.come = "/dev/"+t.Name, sync.NewCond(&t.mu)
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		return nil, err
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80}); err != nil {
		return nil, err
	}
	if err := os.Chown(t.Path, p.UID, ttyGID); err != nil {
		return nil, err
	}
	if err := os.Chmod(t.Path, 0o620); err != nil {
		return nil, err
	}
	if t.slave, err = os.OpenFile(t.Path, os.O_RDWR|unix.O_NOCTTY, 0); err != nil {
		return nil, err
	}
	t.Master = os.NewFile(uintptr(fd), t.Path)
	go t.read()
	return t, nil
}

func (t *Terminal) read() {
	buf := make([]byte, 4096)
	for {
		n, err := t.Master.Read(buf)
		t.mu.Lock()
		if n > 0 {
			t.seen, t.last = append(t.seen, buf[:n]...), time.Now()
		}
		t.end = err
		t.come.Broadcast()
		t.mu.Unlock()
		if err != nil {
			return
		}
	}
}

const ttyGID = 5

// Lead starts a session leader on the terminal, as the person: a program that sleeps.
func (t *Terminal) Lead() error {
	cmd := exec.Command("/bin/sleep", "infinity")
	cmd.Stdin, cmd.Stdout, cmd.Stderr = t.slave, t.slave, t.slave
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Setsid: true, Setctty: true,
		Credential: &syscall.Credential{Uid: uint32(t.Person.UID), Gid: uint32(t.Person.UID)},
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	t.Leader = cmd.Process.Pid
	return cmd.Process.Release()
}

// Take returns what has come since the last Take, and when the last of it came.
func (t *Terminal) Take() (seen []byte, last time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seen, t.seen = t.seen, nil
	return seen, t.last
}

// Await waits until what has come since the last Take contains want.
func (t *Terminal) Await(want string, patience time.Duration) error {
	timer := time.AfterFunc(patience, func() {
		t.mu.Lock()
		t.come.Broadcast()
		t.mu.Unlock()
	})
	defer timer.Stop()
	until := time.Now().Add(patience)
	t.mu.Lock()
	defer t.mu.Unlock()
	for !bytes.Contains(t.seen, []byte(want)) {
		if t.end != nil || !time.Now().Before(until) {
			return fmt.Errorf("%s shows %q and not %q", t.Name, t.seen, want)
		}
		t.come.Wait()
	}
	return nil
}

// Hold types Ctrl-S, and waits until the kernel has seen it.
func (t *Terminal) Hold() error {
	if err := t.Type("\x13"); err != nil {
		return err
	}
	fds := []unix.PollFd{{Fd: int32(t.slave.Fd()), Events: unix.POLLOUT}}
	for range 10000 {
		if n, err := unix.Poll(fds, 0); err == nil && n == 0 {
			t.Held = true
			return nil
		}
		time.Sleep(time.Millisecond)
	}
	return fmt.Errorf("Ctrl-S does not hold %s", t.Name)
}

// Type types on the person's keyboard.
func (t *Terminal) Type(keys string) error {
	_, err := t.Master.WriteString(keys)
	return err
}

// LogOut ends the session leader.
func (t *Terminal) LogOut() {
	if t.Leader == 0 {
		return
	}
	_ = unix.Kill(t.Leader, unix.SIGKILL)
	_, _ = unix.Wait4(t.Leader, nil, 0, nil)
	t.Leader = 0
}

// HangUp takes the terminal away, as a lost connection does.
func (t *Terminal) HangUp() {
	t.Master.Close()
	t.slave.Close()
	t.LogOut()
}

// Record is the terminal's entry in utmp.
func (t *Terminal) Record() Record {
	pid := t.Leader
	if pid == 0 {
		pid = os.Getpid()
	}
	return Record{User: t.Person.Name, Line: t.Name, PID: pid}
}

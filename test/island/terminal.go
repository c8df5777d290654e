//go:build linux

package island

import (
	"bytes"
	"errors"
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

	mu    sync.Mutex
	most  int           // how much is read at once; 0 while nobody reads
	pause time.Duration // before each
	come  *sync.Cond    // when something has come, or nothing more will
	seen  []byte
	last  time.Time // when the last of it came
	end   error     // why nothing more will come
}

// Open opens a terminal of 80 columns, with messages on, that belongs to a person. Nobody
// leads it. It is read until it is hung up.
func Open(p Person) (*Terminal, error) {
	t, err := OpenUnread(p)
	if err == nil {
		t.Read(4096, 0)
	}
	return t, err
}

// OpenUnread opens one whose person is away, until Read is called.
func OpenUnread(p Person) (*Terminal, error) {
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
	return t, nil
}

// Read has the person read all that comes, so many bytes at once at most, and pause before
// the next ones, until the terminal is hung up. Called anew, they read at that pace.
func (t *Terminal) Read(most int, pause time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.most == 0 {
		go t.read()
	}
	t.most, t.pause = most, pause
}

func (t *Terminal) read() {
	all := make([]byte, 4096)
	for {
		t.mu.Lock()
		buf, pause := all[:t.most], t.pause
		t.mu.Unlock()
		time.Sleep(pause)
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

// Shows is how often the text has come since the last Take.
func (t *Terminal) Shows(text string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return bytes.Count(t.seen, []byte(text))
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

// Release types Ctrl-Q.
func (t *Terminal) Release() error {
	t.Held = false
	return t.Type("\x11")
}

// Exclude has nobody open the terminal any more but root (TIOCEXCL).
func (t *Terminal) Exclude() error {
	return unix.IoctlSetInt(int(t.slave.Fd()), unix.TIOCEXCL, 0)
}

// Settle waits until all that was written before is read: something more comes behind it,
// which is not among what is seen.
func (t *Terminal) Settle(patience time.Duration) error {
	const mark = "\x1a(settled)"
	if _, err := t.put([]byte(mark), patience); err != nil {
		return err
	}
	if err := t.Await(mark, patience); err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.seen = bytes.ReplaceAll(t.seen, []byte(mark), nil)
	return nil
}

// Fill writes to the terminal, as a program on it does, until it takes no more or has that
// much, and returns how much it has; 0 is without end.
func (t *Terminal) Fill(most int) (written int, err error) {
	chunk := bytes.Repeat([]byte("x"), 1024)
	for most == 0 || written < most {
		part := chunk
		if most > 0 {
			part = chunk[:min(len(chunk), most-written)]
		}
		n, err := t.put(part, 50*time.Millisecond)
		written += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// FullScreen sets the terminal as programs do that draw all of the screen.
func (t *Terminal) FullScreen() error {
	settings, err := unix.IoctlGetTermios(int(t.slave.Fd()), unix.TCGETS)
	if err != nil {
		return err
	}
	settings.Lflag &^= unix.ICANON | unix.ECHO
	settings.Oflag &^= unix.OPOST
	return unix.IoctlSetTermios(int(t.slave.Fd()), unix.TCSETS, settings)
}

// put writes to the terminal, within that time.
func (t *Terminal) put(data []byte, patience time.Duration) (int, error) {
	f, err := os.OpenFile(t.Path, os.O_WRONLY|unix.O_NOCTTY|unix.O_NONBLOCK, 0)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	if err := f.SetWriteDeadline(time.Now().Add(patience)); err != nil {
		return 0, err
	}
	return f.Write(data)
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

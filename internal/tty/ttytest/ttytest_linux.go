// Package ttytest gives tests real pseudo-terminals, with somebody at them.
package ttytest

import (
	"bytes"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// Terminal is a pseudo-terminal of which the test is the person in front.
type Terminal struct {
	Name   string // pts/3
	Path   string // /dev/pts/3
	Device uint64
	Master *os.File
	Slave  *os.File

	mu     sync.Mutex
	seen   bytes.Buffer
	closed chan struct{} // when nothing more is read
}

// Open opens a terminal of 80 columns with messages on, which shows (reads)
// what is written to it until the test ends.
func Open(t testing.TB) *Terminal {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	term := &Terminal{
		Name: strings.TrimPrefix(slave.Name(), "/dev/"), Path: slave.Name(),
		Master: interruptible(t, master), Slave: slave, closed: make(chan struct{}),
	}
	t.Cleanup(func() { term.HangUp(); slave.Close() })
	var st syscall.Stat_t
	if err := syscall.Fstat(int(slave.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	term.Device = st.Rdev
	if err := slave.Chmod(0o620); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(slave, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		t.Fatal(err)
	}
	go term.show()
	return term
}

// interruptible returns the file so that closing it ends a read that waits: pty
// leaves it in blocking mode, in which the close would wait for the read.
func interruptible(t testing.TB, f *os.File) *os.File {
	t.Helper()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(fd, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return os.NewFile(uintptr(fd), f.Name())
}

// HangUp closes the person's side, as a lost connection does.
func (term *Terminal) HangUp() {
	term.Master.Close()
	<-term.closed
}

func (term *Terminal) show() {
	defer close(term.closed)
	buf := make([]byte, 4096)
	for {
		n, err := term.Master.Read(buf)
		term.mu.Lock()
		term.seen.Write(buf[:n])
		term.mu.Unlock()
		if err != nil {
			return
		}
	}
}

// Lead starts a program as the terminal's session leader, as a login's shell
// is, and ends it with the test. It is nobody's child, like a login's: were it the
// test's, it would be shown within the terminal that the tests are run on.
func (term *Terminal) Lead(t testing.TB, argv ...string) {
	t.Helper()
	lead(t, term.Slave, argv)
	for deadline := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		if pid := term.leader(t); pid > 0 {
			t.Cleanup(func() { _ = syscall.Kill(pid, syscall.SIGKILL) })
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q does not lead %s", argv, term.Name)
		}
	}
}

// leader returns the pid of the terminal's session leader, or 0.
func (term *Terminal) leader(t testing.TB) (pid int) {
	t.Helper()
	raw, err := term.Master.SyscallConn() // Fd would have reads wait for ever
	if err == nil {
		err = raw.Control(func(fd uintptr) {
			found, err := unix.IoctlGetInt(int(fd), unix.TIOCGSID)
			if err == nil {
				pid = found
			}
		})
	}
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// lead starts a session leader by setsid(1), which leaves it behind.
func lead(t testing.TB, terminal *os.File, argv []string) {
	t.Helper()
	cmd := exec.Command("setsid", append([]string{"--fork", "--ctty"}, argv...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal, terminal, terminal
	if err := cmd.Run(); err != nil {
		t.Fatal(err)
	}
}

// Hold types Ctrl-S, and waits until the kernel has seen it.
func (term *Terminal) Hold(t testing.TB) {
	t.Helper()
	term.send(t, "\x13")
	if !term.held() {
		t.Fatalf("Ctrl-S does not hold %s", term.Name)
	}
}

// Release lets the terminal go on.
func (term *Terminal) Release(t testing.TB) { term.send(t, "\x11") }

func (term *Terminal) send(t testing.TB, keys string) {
	t.Helper()
	if _, err := term.Master.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

func (term *Terminal) held() bool {
	fds := []unix.PollFd{{Fd: int32(term.Slave.Fd()), Events: unix.POLLOUT}}
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if n, err := unix.Poll(fds, 0); err == nil && n == 0 {
			return true
		}
	}
	return false
}

// Seen returns all bytes that came to the screen so far.
func (term *Terminal) Seen() string {
	term.mu.Lock()
	defer term.mu.Unlock()
	return term.seen.String()
}

// Await waits until what came to the screen contains want, and returns it all.
func (term *Terminal) Await(t testing.TB, want string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if seen := term.Seen(); strings.Contains(seen, want) {
			return seen
		}
	}
	t.Fatalf("%s shows %q and never %q", term.Name, term.Seen(), want)
	return ""
}

// Me is the name of who runs the test, and so owns its terminals.
func Me(t testing.TB) string {
	t.Helper()
	u, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return u.Username
}

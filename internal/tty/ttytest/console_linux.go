package ttytest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// Console is a virtual console that was free.
type Console struct {
	Name   string // tty63
	Path   string
	Device uint64
	file   *os.File
}

// What linux/kd.h has, and x/sys/unix has not.
const (
	kdSetMode    = 0x4b3a
	kdText       = 0
	kdGraphics   = 1
	lastConsole  = 63
	firstOfTests = 40 // below, there may be logins
)

// OpenConsole opens a virtual console that nothing else uses. The test is skipped where
// nobody could have one: without root, whose they are, and where the kernel has none or
// a container is not given any.
func OpenConsole(t testing.TB) *Console {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may open a virtual console; as root, this test runs")
	}
	if _, err := os.Stat("/dev/tty0"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this machine has no virtual consoles (/dev/tty0)")
	}
	for number := lastConsole; number >= firstOfTests; number-- {
		c := &Console{Name: fmt.Sprint("tty", number)}
		c.Path = "/dev/" + c.Name
		file, err := os.OpenFile(c.Path, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			file.Close() // another test's
			continue
		}
		var st syscall.Stat_t
		if err := syscall.Fstat(int(file.Fd()), &st); err != nil {
			t.Fatal(err)
		}
		c.file, c.Device = file, st.Rdev
		t.Cleanup(func() {
			c.SetGraphics(t, false)
			file.Close()
		})
		return c
	}
	t.Fatal("other tests have all virtual consoles")
	return nil
}

// SetGraphics has the console show a desktop, or text again.
func (c *Console) SetGraphics(t testing.TB, graphics bool) {
	t.Helper()
	mode := kdText
	if graphics {
		mode = kdGraphics
	}
	// Opened anew: a session leader that ends has hung up what was open before.
	file, err := os.OpenFile(c.Path, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := unix.IoctlSetInt(int(file.Fd()), kdSetMode, mode); err != nil {
		t.Fatalf("%s: KDSETMODE %d: %v", c.Name, mode, err)
	}
}

// Lead starts a program as the console's session leader, and ends it with the test.
func (c *Console) Lead(t testing.TB, argv ...string) {
	t.Helper()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.file, c.file, c.file
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
}

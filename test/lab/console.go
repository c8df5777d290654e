//go:build linux

package lab

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Console is a person logged in at a virtual console. It is a real one of
// the machine that the tests run on, lent to the host.
type Console struct {
	Host     *Host
	User     string
	Terminal string // as "tty63"
	Session  string // logind's id of it; empty on a host without logind

	number int
	lock   *os.File // keeps other tests off the console, and the kernel from freeing it
}

// Consoles of low numbers may have logins on the real machine.
const firstConsole, lastConsole = 40, 63

// Console logs user in at a virtual console, as agetty and login do, and
// returns when the shell has shown its prompt. The person leaves at the end of
// the test. A machine without virtual consoles skips the test.
func (h *Host) Console(t testing.TB, user string) *Console {
	t.Helper()
	h.mustRun(t)
	if _, err := os.Stat("/dev/tty0"); errors.Is(err, fs.ErrNotExist) {
		t.Skip("this machine has no virtual consoles (/dev/tty0)")
	}
	if h.Logind {
		h.seatConsoles(t)
	}
	c := &Console{Host: h, User: user}
	if err := c.take(); err != nil {
		t.Fatalf("taking a virtual console: %v", err)
	}
	t.Cleanup(func() { c.lock.Close() })
	if err := h.makeDevice(c.Terminal, c.number); err != nil {
		t.Fatalf("lending %s to %s: %v", c.Terminal, h.Name, err)
	}
	t.Cleanup(func() { h.Run(t, "rm", "/dev/"+c.Terminal) })
	c.login(t)
	return c
}

// seatConsoles has logind take consoles for the seat's: it does so where there
// is a /dev/tty0 when it starts. It is to start no login prompts of its own.
func (h *Host) seatConsoles(t testing.TB) {
	t.Helper()
	if h.Exec(t, "", "test", "-e", "/dev/tty0").Code == 0 {
		return // the test before has done it
	}
	const file = "/etc/systemd/logind.conf.d/lab.conf"
	h.Run(t, "mkdir", "-p", filepath.Dir(file))
	h.writeLive(t, file, "[Login]\nNAutoVTs=0\nReserveVT=0\n")
	if err := h.makeDevice("tty0", 0); err != nil {
		t.Fatalf("lending /dev/tty0 to %s: %v", h.Name, err)
	}
	h.Run(t, "systemctl", "restart", "systemd-logind")
}

// take finds a virtual console that no other test has, and clears its screen.
func (c *Console) take() error {
	for number := lastConsole; number >= firstConsole; number-- {
		name := fmt.Sprint("tty", number)
		file, err := os.OpenFile("/dev/"+name, os.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return err
		}
		if unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB) != nil {
			file.Close()
			continue
		}
		c.number, c.Terminal, c.lock = number, name, file
		_, err = file.WriteString("\x1bc")
		return err
	}
	return errors.New("other tests have all of them")
}

// makeDevice makes the device of a virtual console on the host, with the owner
// and the mode that udev's rules of the release give it. Those have the same
// mode as /dev/pts.
func (h *Host) makeDevice(name string, number int) error {
	path := fmt.Sprintf("/proc/%d/root/dev/%s", h.leader, name)
	device := int(unix.Mkdev(4, uint32(number)))
	if err := unix.Mknod(path, unix.S_IFCHR|0o600, device); err != nil {
		return err
	}
	const ttyGroup = 5
	return errors.Join(os.Chown(path, 0, ttyGroup), os.Chmod(path, h.PtyMode))
}

// login starts agetty there and returns when the shell waits for a command.
func (c *Console) login(t testing.TB) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	getty := c.Host.Command(ctx, "agetty", "--autologin", c.User, "--noclear", c.Terminal, "linux")
	if err := getty.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		// The shell first, so that login(1) ends the session in order.
		c.Host.Exec(t, "", "pkill", "-HUP", "-t", c.Terminal, "-x", "bash")
		time.AfterFunc(timeout, cancel)
		_ = getty.Wait()
		cancel()
	})
	c.until(t, "a prompt", func(seen string) bool { return prompted(strings.TrimRight(seen, "\n") + " ") })
	c.Type(t, identify+"\r")
	seen := c.until(t, "the terminal's name", consoleIdentity.MatchString)
	found := consoleIdentity.FindStringSubmatch(seen)
	if found[1] != c.Terminal {
		t.Fatalf("the shell of %v is on %s", c, found[1])
	}
	c.Session = found[2]
}

var consoleIdentity = regexp.MustCompile(`lab<(?:/dev/)(\S+) (\S*)>\n`)

// Type types on the console's keyboard; Enter is "\r".
func (c *Console) Type(t testing.TB, keys string) {
	t.Helper()
	// Opened anew: login(1) has hung up what was open before.
	file, err := os.OpenFile("/dev/"+c.Terminal, os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, key := range []byte(keys) {
		if err := pushKey(file, key); err != nil {
			t.Fatalf("typing %q at %v: %v", keys, c, err)
		}
	}
}

// Screen is what the console shows, a line for each row.
func (c *Console) Screen(t testing.TB) string {
	t.Helper()
	text, err := c.screen()
	if err != nil {
		t.Fatalf("reading the screen of %v: %v", c, err)
	}
	return text
}

// screen reads vcs(4): the size, and a Unicode character for each cell.
func (c *Console) screen() (string, error) {
	attributes, err := os.ReadFile(fmt.Sprint("/dev/vcsa", c.number))
	if err != nil {
		return "", err
	}
	cols := int(attributes[1])
	cells, err := os.ReadFile(fmt.Sprint("/dev/vcsu", c.number))
	if err != nil {
		return "", err
	}
	var text strings.Builder
	for rowBytes := 4 * cols; len(cells) >= rowBytes; cells = cells[rowBytes:] {
		row := make([]rune, cols)
		for i := range row {
			row[i] = rune(binary.NativeEndian.Uint32(cells[4*i:]))
		}
		text.WriteString(strings.TrimRight(string(row), " ") + "\n")
	}
	return text.String(), nil
}

// Expect waits until the screen shows text, and returns all that it shows.
func (c *Console) Expect(t testing.TB, text string) string {
	t.Helper()
	return c.until(t, fmt.Sprintf("%q", text), func(seen string) bool { return strings.Contains(seen, text) })
}

func (c *Console) until(t testing.TB, what string, wanted func(string) bool) string {
	t.Helper()
	seen, err := look(c.screen, wanted)
	if err != nil {
		t.Fatalf("%v does not show %s (%v) but %q", c, what, err, seen)
	}
	return seen
}

// String names the console in messages of tests.
func (c *Console) String() string {
	return fmt.Sprintf("%s on %s's %s", c.User, c.Host.Name, c.Terminal)
}

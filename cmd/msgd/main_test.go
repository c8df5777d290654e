//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"msg/internal/tty/hangtest"
	"msg/test/island"
)

// The tests run as root on an island, with the program itself installed there. Without root,
// those that need no other account run.

// Environment variables that give a process of the test another part.
const (
	builtEnv = "MSGD_TEST_BUILT" // the directory that the program was built into
	partEnv  = "MSGD_TEST_PART"  // of a child
)

// Where the island has the programs. Ordinary users can start both.
const (
	installed = "/usr/local/sbin/msgd"
	testCopy  = "/usr/local/bin/msgd.test"
)

// The accounts of the island. A stranger has none.
const (
	msgUID      = 977
	aliceUID    = 41001
	bobUID      = 41002
	strangerUID = 41999
)

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

func TestMain(m *testing.M) {
	hangtest.Main()
	if len(os.Args) > 1 && (os.Args[1] == judgeRole || os.Args[1] == monitorRole) {
		// A listener within the test starts "itself".
		fail(syscall.Exec(installed, os.Args, nil))
	}
	if part, ok := parts[os.Getenv(partEnv)]; ok {
		fail(part(os.Args[1:]))
		return
	}
	fuzzes := slices.ContainsFunc(os.Args, func(arg string) bool { return strings.HasPrefix(arg, "-test.fuzz") })
	if os.Geteuid() != 0 || fuzzes {
		os.Exit(m.Run())
	}
	if os.Getenv(builtEnv) == "" {
		fail(build())
	}
	island.Main(func() int {
		fail(furnish())
		fail(handOnNothing())
		onIsland = true
		return m.Run()
	})
}

func fail(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "msgd's tests:", err)
		os.Exit(1)
	}
}

func build() error {
	dir, err := os.MkdirTemp("", "msgd")
	if err != nil {
		return err
	}
	args := []string{"build", "-trimpath", "-buildvcs=false", "-tags", "osusergo,netgo", "-o", filepath.Join(dir, "msgd"), "."}
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%q: %w: %s", cmd.Args, err, out)
	}
	return os.Setenv(builtEnv, dir)
}

// furnish makes the accounts, the directories and the programs.
func furnish() error {
	built := os.Getenv(builtEnv)
	defer os.RemoveAll(built)
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var passwd, group strings.Builder
	for _, a := range []struct {
		name string
		uid  int
	}{{judgeAccount, msgUID}, {"alice", aliceUID}, {"bob", bobUID}} {
		fmt.Fprintf(&passwd, "%s:x:%d:%d::/nonexistent:/bin/sh\n", a.name, a.uid, a.uid)
		fmt.Fprintf(&group, "%s:x:%d:\n", a.name, a.uid)
	}
	return errors.Join(
		unix.Mount("devpts", "/dev/pts", "devpts", unix.MS_REMOUNT, "newinstance,ptmxmode=666,mode=600,gid=5"),
		unix.Mount("tmpfs", "/var/lib", "tmpfs", 0, "mode=755"),
		add("/etc/passwd", passwd.String()), add("/etc/group", group.String()),
		makeDirectory("/run/msg", 0o755, account{}), makeDirectories(account{msgUID, msgUID}),
		install(filepath.Join(built, "msgd"), installed), install(self, testCopy),
		bringUpLoopback(),
	)
}

func add(file, lines string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteString(lines)
	return errors.Join(err, f.Close())
}

func install(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o755)
}

func bringUpLoopback() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	request, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	request.SetUint16(unix.IFF_UP)
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), unix.SIOCSIFFLAGS, uintptr(unsafe.Pointer(request)))
	if errno != 0 {
		return fmt.Errorf("bringing up lo: %w", errno)
	}
	return nil
}

// onIsland tells that there is one. Fuzzing has none: its processes could not talk to each other.
var onIsland bool

// asRoot skips a test where there is no island.
func asRoot(t *testing.T) {
	t.Helper()
	if !onIsland {
		t.Skip("this test has processes of several users; as root, it runs")
	}
}

// parts are what children of the test do.
var parts = map[string]func(args []string) error{"connect": connect}

// connect is a client: it connects, and passes on what comes on standard input, and what the
// other end says. Its end is the client's.
func connect(args []string) error {
	conn, err := net.Dial("unix", args[0])
	if err != nil {
		return err
	}
	fmt.Println("connected")
	heard := make(chan error, 1)
	go func() {
		_, err := io.Copy(os.Stdout, conn)
		heard <- err
	}()
	if _, err := io.Copy(conn, os.Stdin); err != nil {
		return err
	}
	err = conn.Close()
	if hearing := <-heard; !errors.Is(hearing, net.ErrClosed) {
		err = errors.Join(err, hearing)
	}
	return err
}

// client is a process of a user's that has connected to a socket.
type client struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	line  chan string // its lines
	gone  chan struct{}
}

// connectAs starts a client of a user's, which connects to a socket.
func connectAs(t *testing.T, uid uint32, path string) *client {
	t.Helper()
	return connectBy(t, testCopy, uid, path)
}

// connectBy is connectAs by a program that may be set-uid.
func connectBy(t *testing.T, program string, uid uint32, path string) *client {
	t.Helper()
	cmd := exec.Command(program, path)
	cmd.Env = []string{partEnv + "=connect"}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}, Setsid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &client{cmd: cmd, stdin: stdin, line: make(chan string, 100), gone: make(chan struct{})}
	go func() {
		defer close(c.gone)
		defer close(c.line)
		lines(stdout, c.line)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() { c.end(t) })
	if said := c.next(t); said != "connected" {
		t.Fatalf("uid %d does not connect: %q", uid, said)
	}
	return c
}

// setuidTo returns a copy of the client that is set-uid to a user.
func setuidTo(t *testing.T, uid int) string {
	t.Helper()
	path := fmt.Sprint(testCopy, "-as-", uid)
	if err := errors.Join(install(testCopy, path), os.Chown(path, uid, uid), os.Chmod(path, 0o755|os.ModeSetuid)); err != nil {
		t.Fatal(err)
	}
	return path
}

// lines passes on the lines of in.
func lines(in io.Reader, to chan<- string) {
	var held []byte
	buf := make([]byte, 4096)
	for {
		n, err := in.Read(buf)
		held = append(held, buf[:n]...)
		for {
			line, rest, found := bytes.Cut(held, []byte("\n"))
			if !found {
				break
			}
			to <- string(line)
			held = rest
		}
		if err != nil {
			return
		}
	}
}

// next returns the next line that the other end says; "" at the end.
func (c *client) next(t *testing.T) string {
	t.Helper()
	select {
	case line := <-c.line:
		return line
	case <-time.After(patience):
		t.Fatal("the other end says nothing")
		return ""
	}
}

func (c *client) say(t *testing.T, words string) {
	t.Helper()
	if _, err := io.WriteString(c.stdin, words); err != nil {
		t.Fatal(err)
	}
}

// end ends the client.
func (c *client) end(t *testing.T) {
	t.Helper()
	_ = c.cmd.Process.Kill()
	select {
	case <-c.gone:
	case <-time.After(patience):
		t.Error("a client that was killed stays")
	}
}

// newDoor returns a listening socket to which everybody may connect.
func newDoor(t *testing.T) (fd int, path string) {
	t.Helper()
	dir := t.TempDir()
	if err := errors.Join(os.Chmod(filepath.Dir(dir), 0o755), os.Chmod(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(dir, "door")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: path})
	if err == nil {
		err = errors.Join(os.Chmod(path, 0o666), unix.Listen(fd, queued))
	}
	if err != nil {
		t.Fatal(err)
	}
	return fd, path
}

// eventually polls until so() is true, and fails the test when that takes too long.
func eventually(t *testing.T, what string, so func() bool) {
	t.Helper()
	for until := time.Now().Add(patience); !so(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(until) {
			t.Fatalf("never: %s", what)
		}
	}
}

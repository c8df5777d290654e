package answers

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func init() { owner = uint32(os.Getuid()) }

// TestMain lets the test binary be another user's process, which clears a directory of root's.
func TestMain(m *testing.M) {
	dir := os.Getenv("MSG_TEST_CLEAR")
	if dir == "" {
		os.Exit(m.Run())
	}
	owner = 0
	if err := Clear(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// ample is how long what must come may take on a busy machine.
const ample = 20 * time.Second

// place is a directory for sockets, with a short name: theirs may have 107 bytes.
func place(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "a")
	if err == nil {
		err = os.Chmod(dir, os.ModeSticky|0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func names(t testing.TB, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// desk takes answers of those who are asked, and keeps what came.
type desk struct {
	asks    map[uint32]bool // nil: everybody
	message Message
	refuse  error

	mu   sync.Mutex
	seen []Answer // whom Asks or Message was about
	took []Answer
}

func (d *desk) Asks(a Answer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, a)
	return d.asks == nil || d.asks[a.UID]
}

func (d *desk) Message(a Answer) Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, a)
	return d.message
}

func (d *desk) Take(a Answer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.took = append(d.took, a)
	d.message.Answered = true
	return nil
}

func (d *desk) taken() []Answer {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.took)
}

func listening(t testing.TB, dir string) *Socket {
	t.Helper()
	s, err := Listen(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// named listens under that name.
func named(t testing.TB, dir, name string) *Socket {
	t.Helper()
	s, err := ListenAt(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// serve serves a socket until the test ends, and holds that Serve then returns.
func serve(t testing.TB, s *Socket, d Desk) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(d)
	}()
	t.Cleanup(func() {
		s.Close()
		await(t, done, "the end of Serve")
	})
}

func await(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(ample):
		t.Errorf("%s does not come", what)
	}
}

// until waits until something is so.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(ample); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// connect connects without a word.
func connect(t testing.TB, path string) *os.File {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.Connect(fd, &unix.SockaddrUnix{Name: path}), unix.SetNonblock(fd, true))
	}
	if err != nil {
		t.Fatal(err)
	}
	conn := os.NewFile(uintptr(fd), path)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// fill connects until the queue of who does not accept is full. What it returns closes
// the connections.
func fill(t testing.TB, path string) (empty func()) {
	t.Helper()
	var fds []int
	empty = sync.OnceFunc(func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	})
	t.Cleanup(empty)
	for range 10 * queued {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); {
		case errors.Is(err, unix.EAGAIN):
			return empty
		case err != nil:
			t.Fatal(err)
		}
	}
	t.Fatal("the queue has no end")
	return nil
}

func rootOnly(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("the kernel lets only root become the other users that this test is about; as root, it runs")
	}
}

// said says raw bytes and returns what comes until the other end closes; it says them again
// while that is busy. Unless open, our end says that there is no more.
func said(t *testing.T, path string, words []byte, open bool) (out string, err error) {
	t.Helper()
	until(t, "a place", func() bool {
		out, err = saidOnce(t, path, words, open)
		return out != busy
	})
	return out, err
}

func saidOnce(t *testing.T, path string, words []byte, open bool) (string, error) {
	t.Helper()
	conn := connect(t, path)
	defer conn.Close()
	if _, err := conn.Write(words); err != nil && !errors.Is(err, unix.EPIPE) && !errors.Is(err, unix.ECONNRESET) {
		t.Error(err)
	}
	if !open {
		raw, err := conn.SyscallConn()
		if err == nil {
			err = raw.Control(func(fd uintptr) { _ = unix.Shutdown(int(fd), unix.SHUT_WR) })
		}
		if err != nil {
			t.Error(err)
		}
	}
	out, err := io.ReadAll(conn)
	return string(out), err
}

// ok acknowledges a message, and returns the reaction. It fails if that was not taken.
func ok(t *testing.T, path string) (r Reaction, err error) {
	t.Helper()
	out, err := said(t, path, []byte(`{"want":"ok"}`+"\n"), true)
	if err == nil {
		err = json.Unmarshal([]byte(out), &r)
	}
	if err == nil && r.Event != EventTaken {
		err = fmt.Errorf("%+v", r)
	}
	return r, err
}

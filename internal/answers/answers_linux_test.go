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

	"msg/internal/answers/answerstest"
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
		answerstest.Await(t, done, "the end of Serve")
	})
}

// until waits until something is so.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(answerstest.Ample); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
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
	conn := answerstest.Connect(t, path)
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

//go:build linux

package lab

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// Type types on the person's keyboard; Enter is "\r", Ctrl-C is "\x03".
func (l *Login) Type(t testing.TB, keys string) {
	t.Helper()
	if _, err := l.pty.WriteString(keys); err != nil {
		t.Fatalf("typing %q at %v: %v", keys, l, err)
	}
}

// Resize changes the size of the person's window.
func (l *Login) Resize(t testing.TB, rows, cols uint16) {
	t.Helper()
	if err := pty.Setsize(l.pty, &pty.Winsize{Rows: rows, Cols: cols}); err != nil {
		t.Fatalf("resizing %v: %v", l, err)
	}
}

// Mark forgets what was seen so far.
func (l *Login) Mark() {
	l.screen.change(func() { l.screen.mark = len(l.screen.bytes) })
}

// Seen is every byte that has come since the last Mark. More may be on its
// way: see Expect and Sync.
func (l *Login) Seen() string {
	seen, _ := l.screen.seen()
	return seen
}

// Everything is every byte that has come since the login began, whatever was marked.
func (l *Login) Everything() string {
	l.screen.mu.Lock()
	defer l.screen.mu.Unlock()
	return string(l.screen.bytes)
}

// Expect waits until text has come since the last Mark, and returns all that
// has come by then.
func (l *Login) Expect(t testing.TB, text string) string {
	t.Helper()
	return l.await(t, fmt.Sprintf("%q", text), func(seen string) bool {
		return strings.Contains(seen, text)
	})
}

func (l *Login) await(t testing.TB, what string, wanted func(string) bool) string {
	t.Helper()
	seen, ok := l.screen.await(wanted)
	if !ok {
		t.Fatalf("%v did not see %s but %q", l, what, seen)
	}
	return seen
}

var syncs atomic.Int64

// Sync returns all that has come since the last Mark, once everything is there
// that was written to the terminal before: what is not in it did not arrive.
// It works whatever program the person is in.
func (l *Login) Sync(t testing.TB) string {
	t.Helper()
	// Written by the tester to the same terminal, it queues up behind the rest.
	marker := fmt.Sprintf("<lab sync %d>", syncs.Add(1))
	if err := l.write(marker); err != nil {
		t.Fatalf("writing to %v: %v", l, err)
	}
	l.Expect(t, marker)
	l.screen.forget(marker)
	return l.Seen()
}

// Hold types Ctrl-S and returns when the terminal takes no more output;
// Release is Ctrl-Q.
func (l *Login) Hold(t testing.TB) {
	t.Helper()
	l.Type(t, "\x13")
	l.awaitFlow(t, false)
}

// Release types Ctrl-Q and returns when the terminal takes output again.
func (l *Login) Release(t testing.TB) {
	t.Helper()
	l.Type(t, "\x11")
	l.awaitFlow(t, true)
}

func (l *Login) awaitFlow(t testing.TB, want bool) {
	t.Helper()
	for deadline := time.Now().Add(timeout); ; time.Sleep(5 * time.Millisecond) {
		flows, err := l.flows()
		if err != nil || time.Now().After(deadline) {
			t.Fatalf("%v takes output: %v, want %v (%v)", l, flows, want, err)
		}
		if flows == want {
			return
		}
	}
}

// Close ends the ssh client, as when a person closes the window, and returns
// when the host has removed the terminal. A test need not call it.
func (l *Login) Close(t testing.TB) {
	t.Helper()
	l.close.Do(func() {
		l.hangUp()
		if l.device != nil && !l.awaitGone() {
			t.Errorf("%v is still there after its ssh has ended", l)
		}
	})
}

// String names the login in messages of tests.
func (l *Login) String() string {
	return fmt.Sprintf("%s on %s's %s", l.User, l.Host.Name, l.Terminal)
}

func (l *Login) hangUp() {
	_ = l.process.Process.Signal(unix.SIGHUP)
	kill := time.AfterFunc(timeout, func() { _ = l.process.Process.Signal(os.Kill) })
	defer kill.Stop()
	_ = l.process.Wait()
	<-l.screen.ended
	l.pty.Close()
}

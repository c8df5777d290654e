package shutdown_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"msg/internal/shutdown"
)

// What logind of systemd 252 and of 257 wrote for the same command line:
// shutdown -r +5 'kernel ü "x" \ y'
const (
	systemd252 = "USEC=1795658056853502\nWARN_WALL=1\nMODE=reboot\nUID=0\nWALL_MESSAGE=kernel \\303\\274 \\\"x\\\" \\\\ y\n"
	systemd257 = "USEC=1795658058133740\nWARN_WALL=1\nMODE=reboot\nUID=0\nWALL_MESSAGE=kernel\\x20\\xc3\\xbc\\x20\"x\"\\x20\\x5c\\x20y\n"
)

func TestParse(t *testing.T) {
	for name, data := range map[string]string{"252": systemd252, "257": systemd257} {
		s, err := shutdown.Parse([]byte(data))
		if err != nil || s.Message != `kernel ü "x" \ y` || s.Mode != "reboot" || s.Silent || s.At.UTC().Format(time.DateTime)[:16] != "2026-11-26 01:54" {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	for message, want := range map[string]string{
		`two\nlines`: "two\nlines", `two\x0alines`: "two\nlines", `\`: `\`, `\x`: `\x`, `\xzz`: `\xzz`, `\12`: `\12`,
		`\777`: `\777`, `\q`: `\q`, `a=b`: "a=b", `\033[2J`: "\x1b[2J", `\s\t\\n`: " \t\\n", "": "",
	} {
		s, err := shutdown.Parse([]byte("MODE=halt\nUSEC=1\nWARN_WALL=0\nNEW=1\nno assignment\nWALL_MESSAGE=" + message))
		if err != nil || s.Message != want || !s.Silent {
			t.Errorf("%s: %+v, %v, want %q", message, s, err, want)
		}
	}
	for _, data := range []string{"", "USEC=5\n", "MODE=reboot\n", "USEC=soon\nMODE=reboot\n", "USEC=-5\nMODE=reboot\n", "USEC=9300000000000000\nMODE=reboot\n", "USEC=\nMODE=x"} {
		if s, err := shutdown.Parse([]byte(data)); err == nil {
			t.Errorf("%q is %+v", data, s)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(systemd252))
	f.Add([]byte(systemd257))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := shutdown.Parse(data)
		if err == nil && (s.Mode == "" || s.At.IsZero()) || len(s.Message) > len(data) {
			t.Errorf("%+v", s)
		}
	})
}

// TestChanged: what has been read and is replaced, written to or taken away is told.
func TestChanged(t *testing.T) {
	path := filepath.Join(t.TempDir(), "scheduled")
	if _, err := shutdown.Read(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no shutdown is %v", err)
	}
	write := func(to string) {
		t.Helper()
		if err := os.WriteFile(to, []byte(systemd257), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, change := range map[string]func() error{
		"replaced": func() error { write(path + ".new"); return os.Rename(path+".new", path) },
		"written":  func() error { return os.Chtimes(path, time.Time{}, time.Now().Add(time.Minute)) },
		"gone":     func() error { return os.Remove(path) },
	} {
		write(path)
		s, err := shutdown.Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil { // between the reading and the watching
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		s.Changed(ctx, path)
		if ctx.Err() != nil {
			t.Errorf("%s: not told", name)
		}
		cancel()
	}
	write(path)
	s, err := shutdown.Read(path)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond)
	defer cancel()
	if s.Changed(ctx, path); ctx.Err() == nil {
		t.Error("a change is told of what has not changed")
	}
}

package shutdown_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"msg/internal/shutdown"
)

// What logind of systemd 252 and of 257 wrote for the same command line:
// shutdown -r +5 'kernel ü "x" \ y'
const (
	systemd252 = "USEC=1795658056853502\nWARN_WALL=1\nMODE=reboot\nUID=0\nWALL_MESSAGE=kernel \\303\\274 \\\"x\\\" \\\\ y\n"
	systemd257 = "USEC=1795658058133740\nWARN_WALL=1\nMODE=reboot\nUID=0\nTTY=pts/2\nWALL_MESSAGE=kernel\\x20\\xc3\\xbc\\x20\"x\"\\x20\\x5c\\x20y\n"
)

func TestParse(t *testing.T) {
	for name, data := range map[string]string{"252": systemd252, "257": systemd257} {
		s, err := shutdown.Parse([]byte(data))
		if from := map[string]string{"257": "pts/2"}[name]; err != nil || s.From != from || s.Message != `kernel ü "x" \ y` || s.Mode != "reboot" || s.Silent || s.At.UTC().Format(time.DateTime)[:16] != "2026-11-26 01:54" {
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

// TestChanged: what has been read and is replaced by something else, or taken away, is told;
// what is written anew, and is the same, is not, even if it is gone for a moment.
func TestChanged(t *testing.T) {
	const other = "USEC=1795658058133741\nMODE=reboot\n"
	for name, c := range map[string]struct {
		change func(path string) error
		told   bool
	}{
		"replaced": {func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte(other), 0o644), os.Rename(path+".new", path))
		}, true},
		"written": {func(path string) error { return os.WriteFile(path, []byte(other), 0o644) }, true},
		"broken":  {func(path string) error { return os.WriteFile(path, nil, 0o644) }, true},
		"gone":    {os.Remove, true},
		"the same again": {func(path string) error {
			return errors.Join(os.WriteFile(path+".new", []byte(systemd257), 0o644), os.Rename(path+".new", path))
		}, false},
		"gone for a moment": {func(path string) error {
			time.AfterFunc(1500*time.Millisecond, func() { _ = os.WriteFile(path, []byte(systemd257), 0o644) })
			return os.Remove(path)
		}, false},
		"nothing": {func(string) error { return nil }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "scheduled")
			if _, err := shutdown.Read(path); !errors.Is(err, fs.ErrNotExist) {
				t.Errorf("no shutdown is %v", err)
			}
			if err := os.WriteFile(path, []byte(systemd257), 0o644); err != nil {
				t.Fatal(err)
			}
			s, err := shutdown.Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if err := c.change(path); err != nil { // between the reading and the watching
				t.Fatal(err)
			}
			patience := 5 * time.Second
			if c.told {
				patience = time.Minute
			}
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if s.Changed(ctx, path); (ctx.Err() == nil) != c.told {
				t.Errorf("told: %v", !c.told)
			}
		})
	}
}

// FuzzMessage holds that a message comes back as it was, of whatever bytes, in the escapes of
// each version of systemd.
func FuzzMessage(f *testing.F) {
	f.Add("Grüße\n\x1b[2J\\x41 \\s\"'", "reboot")
	f.Add("\x00\xff\\", "MODE=x")
	f.Fuzz(func(t *testing.T, message, mode string) {
		mode = strings.ReplaceAll("x"+mode, "\n", "")
		for _, form := range []string{`\%03o`, `\x%02x`} {
			var escaped strings.Builder
			for _, c := range []byte(message) {
				if c < ' ' || c >= 0x7f || c == '\\' {
					fmt.Fprintf(&escaped, form, c)
				} else {
					escaped.WriteByte(c)
				}
			}
			s, err := shutdown.Parse([]byte("USEC=1\nMODE=" + mode + "\nWALL_MESSAGE=" + escaped.String() + "\n"))
			if err != nil || s.Message != message || s.Mode != mode || s.Silent || s.From != "" {
				t.Errorf("%q is %+v, %v", escaped.String(), s, err)
			}
		}
	})
}

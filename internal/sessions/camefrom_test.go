package sessions

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// FuzzCameFrom holds that a session's host is what its file says, on a line of its own, and
// that no id leads to another file.
func FuzzCameFrom(f *testing.F) {
	f.Add("c1", []byte("# private\nUID=1000\nREMOTE=1\nREMOTE_HOST=10.88.0.1\nSERVICE=sshd\n"))
	f.Add("../elsewhere", []byte("#\nREMOTE_HOST=\nREMOTE_HOST=x"))
	f.Add("", []byte("X_REMOTE_HOST=x\n REMOTE_HOST=y\nREMOTE_HOST=\x00\r\n"))
	f.Add("c1", []byte("#\nREMOTE_HOST=10.88.0.1\nDISPLAY=x\nREMOTE_HOST=y\n"))
	f.Add("logins/c1", []byte("REMOTE_HOST"))
	f.Add("c1", []byte("REMOTE_HOST=\nREMOTE_HOST=0"))
	dir := f.TempDir()
	system := System{Logins: filepath.Join(dir, "logins")}
	const secret = "REMOTE_HOST=elsewhere\n"
	for _, path := range []string{"elsewhere", "logins/below/elsewhere"} {
		path = filepath.Join(dir, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			f.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(secret), 0o600); err != nil {
			f.Fatal(err)
		}
	}
	display := regexp.MustCompile(`\nDISPLAY=|="`)
	hostLine := regexp.MustCompile(`(?m)^REMOTE_HOST=(.*)$`)
	f.Fuzz(func(t *testing.T, session string, content []byte) {
		if err := os.WriteFile(filepath.Join(system.Logins, "c1"), content, 0o600); err != nil {
			t.Fatal(err)
		}
		want := ""
		// The first line is a comment. With a display, any line may be its user's.
		_, below, _ := bytes.Cut(content, []byte("\n"))
		if found := hostLine.FindSubmatch(below); found != nil && !display.Match(content) {
			want = string(found[1])
		}
		if got := system.CameFrom("c1"); got != want {
			t.Errorf("%q is from %q, want %q", content, got, want)
		}
		if got := system.CameFrom(session); got != "" && strings.Trim(session, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != "" {
			t.Errorf("session %q is from %q", session, got)
		}
	})
}

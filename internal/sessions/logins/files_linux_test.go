package logins

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/sessions"
)

const loginFile = `# This is private data. Do not parse.
UID=1001
USER=alice
STATE=active
REMOTE=1
TYPE=tty
ORIGINAL_TYPE=x11
CLASS=user
SCOPE=session-c1.scope
FIFO=/run/systemd/sessions/c1.ref
SEAT=seat0
TTY=/dev/tty2
REMOTE_HOST=fe80::1%eth0
SERVICE=sshd
LEADER=80
REALTIME=1790000000000000
`

// logins writes one file of logind's, and reads all.
func logins(t *testing.T, on sessions.System, content string) (found []sessions.Session, unsure []string, host string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(on.Logins, "c1"), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	found, unsure, err := Read(on)
	if err != nil {
		t.Fatal(err)
	}
	return found, unsure, on.CameFrom("c1")
}

func TestReadLogins(t *testing.T) {
	on := sessions.System{Logins: t.TempDir()}
	whole := sessions.Session{
		ID: "c1", User: "alice", UID: 1001, Class: "user", Type: "tty", Seat: "seat0", Terminal: "tty2",
		Host: "fe80::1%eth0", Since: time.UnixMicro(1790000000000000),
	}
	for content, want := range map[string]sessions.Session{
		loginFile:                                  whole,
		strings.TrimSuffix(loginFile, "\n"):        whole,
		loginFile + strings.Repeat("A=b\n", 5000):  whole,
		loginFile + "UID=0\nREMOTE_HOST=x\n":       whole,
		"#\nUID=0\nTTY=pts/3\nnone\nREALTIME=soon": {ID: "c1", Terminal: "pts/3"},
	} {
		found, unsure, host := logins(t, on, content)
		if !slices.Equal(found, []sessions.Session{want}) || unsure != nil || host != want.Host {
			t.Errorf("%.300q: %+v, %v, %q", content, found, unsure, host)
		}
	}
	for _, content := range []string{
		"", "#\nUSER=alice\n", "#\nUID=\n", "#\nUID=-1\n", "#\nUID=4294967296\n", `{"uid":1001}`, "#\nUID=1\nUSER=\"a\nUID=2\"\n",
		loginFile + "DISPLAY=", "#\nUID=1001\nDISPLAY=x\nREMOTE_HOST=evil\nUID=0\n\nREMOTE_HOST=10.0.0.5\n",
		loginFile + strings.Repeat("A=b\n", 5000) + "DISPLAY=",
	} {
		found, unsure, host := logins(t, on, content)
		if found != nil || len(unsure) != 1 || strings.Contains(content, "DISPLAY") && host != "" {
			t.Errorf("%.300q: %+v, %v, %q", content, found, unsure, host)
		}
	}
	if found, unsure, _ := logins(t, on, strings.Replace(loginFile, "active", "closing", 1)); found != nil || unsure != nil {
		t.Errorf("logged out: %+v, %v", found, unsure)
	}
}

// FuzzParseLogin holds that a value is within its line.
func FuzzParseLogin(f *testing.F) {
	f.Add(loginFile)
	f.Add("#\nUID=1\nUID=0")
	f.Add("UID\n=\n")
	f.Fuzz(func(t *testing.T, content string) {
		l, _ := parse("c1", []byte(content))
		for _, value := range []string{l.User, l.Host, l.Terminal, l.Class, l.Type, l.Seat} {
			if strings.Contains(value, "\n") || !strings.Contains(content, value) {
				t.Errorf("%q is no value of %q", value, content)
			}
		}
	})
}

package sessions

import (
	"os"
	"path/filepath"
	"testing"
)

// TestBirth: where a plain 0600 is somebody's no, and where nobody said it.
func TestBirth(t *testing.T) {
	const on, off = 0o620, 0o600
	for name, c := range map[string]struct {
		birth birth
		want  bool
	}{
		"a pane, systemd 257":              {birth{true, "", on, off}, true},
		"a pane, systemd 258":              {birth{true, "", off, off}, false},
		"a pane, login has another mode":   {birth{true, "", off, on}, false},
		"/proc hides who made it":          {birth{true, unseen, off, off}, true},
		"sshd":                             {birth{true, "sshd", off, off}, true},
		"sshd of OpenSSH 9.8":              {birth{true, "sshd-session", off, off}, true},
		"a pane of screen":                 {birth{true, "screen", off, off}, true},
		"a window of xterm":                {birth{true, "xterm", off, off}, true},
		"dropbear":                         {birth{true, "dropbear", off, off}, true},
		"telnetd's login":                  {birth{true, "login", off, on}, true},
		"telnetd's login, devpts has g+w":  {birth{true, "login", on, off}, false},
		"a console":                        {birth{false, "login", on, off}, false},
		"a console of a site with mesg y":  {birth{false, "login", off, on}, true},
		"a console that busybox has":       {birth{false, "", off, on}, true},
		"a console, all others write":      {birth{false, "login", off, 0o602}, false},
		"a serial line, login sets 0622":   {birth{false, "login", off, 0o622}, true},
		"devpts with the mode of all, 666": {birth{true, "", 0o666, off}, true},
	} {
		if got := c.birth.on(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestMaker: sshd made the terminal of the program that it started, and of no program below.
func TestMaker(t *testing.T) {
	sshd := []recorded{runs(200, 1, 200, -1, 0, "sshd"), runs(201, 200, 200, -1, bob, "sshd")}
	for name, c := range map[string]struct {
		processes []recorded
		want      string
	}{
		"a login by ssh":            {append(sshd, runs(300, 201, 300, 2, bob, "bash")), "sshd"},
		"an editor's, by ssh":       {append(sshd, runs(250, 201, 250, -1, bob, "node"), runs(300, 250, 300, 2, bob, "bash")), ""},
		"script's, by ssh":          {append(sshd, runs(250, 201, 201, -1, bob, "script"), runs(300, 250, 300, 2, bob, "bash")), ""},
		"bob's own sshd":            {[]recorded{runs(200, 1, 200, -1, bob, "sshd-session"), runs(300, 200, 300, 2, bob, "bash")}, "sshd-session"},
		"looks like sshd, mallory":  {[]recorded{runs(200, 1, 200, -1, mallory, "sshd"), runs(300, 200, 300, 2, bob, "bash")}, ""},
		"login stays":               {[]recorded{behind(runs(200, 1, 200, 2, 0, "login"), 300), runs(300, 200, 200, 2, bob, "bash")}, "login"},
		"login has a session":       {[]recorded{runs(200, 1, 200, -1, 0, "login"), runs(300, 200, 300, 2, bob, "bash")}, "login"},
		"a pane":                    {[]recorded{runs(200, 1, 200, -1, bob, "tmux: server"), runs(300, 200, 300, 2, bob, "bash")}, ""},
		"/proc hides what is above": {[]recorded{runs(300, 200, 300, 2, bob, "bash")}, unseen},
		"of another namespace":      {[]recorded{runs(300, 0, 300, 2, bob, "bash")}, ""},
		"nobody":                    {sshd, ""},
	} {
		p := host([]Terminal{deviceOf("pts/2", "bob", bob, 2)}, c.processes...)
		if got := p.Terminals[0].maker; got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestLoginMode(t *testing.T) {
	for content, want := range map[string]uint32{
		"":                                     0o600,
		"TTYPERM\t\t0620\n":                    0o620,
		"TTYPERM 0620\nTTYPERM 0600":           0o600,
		"#TTYPERM 0620\n# TTYPERM 0620\n":      0o600,
		"  TTYPERM  \"0622\" # everyone\n":     0o622,
		"TTYPERM 400\n":                        0o620, // as login(1) reads it: decimal
		"TTYPERM\nTTYPERM x\nTTYPERMS 0620":    0o600,
		"UMASK 022\nTTYGROUP tty\nTTYPERM 0x0": 0,
	} {
		if got := loginMode([]byte(content)); got != want {
			t.Errorf("%q: %o, want %o", content, got, want)
		}
	}
	dir := t.TempDir()
	first, second := filepath.Join(dir, "1"), filepath.Join(dir, "2")
	read := func(want uint32) {
		t.Helper()
		if got, err := readLoginMode([]string{first, second}); err != nil || got != want {
			t.Errorf("%o, %v; want %o", got, err, want)
		}
	}
	read(0o600)
	for _, file := range []struct{ path, content string }{{second, "TTYPERM 0620"}, {first, "TTYPERM 0640"}} {
		if err := os.WriteFile(file.path, []byte(file.content), 0o600); err != nil {
			t.Fatal(err)
		}
		read(loginMode([]byte(file.content)))
	}
	if _, err := readLoginMode([]string{dir}); err == nil {
		t.Error("a directory has no mode")
	}
}

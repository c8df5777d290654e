package sessions_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"msg/internal/accounts"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/tty/ttytest"
)

func local() sessions.System {
	var directory accounts.Directory
	system := sessions.Local(directory.Names)
	system.Utmp = "/nonexistent"
	return system
}

func read(t *testing.T, system sessions.System) sessions.Picture {
	t.Helper()
	p, err := system.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func find(t *testing.T, p sessions.Picture, name string) *sessions.Terminal {
	t.Helper()
	term := p.Find(name)
	if term == nil {
		t.Fatalf("%s is not in the picture", name)
	}
	return term
}

func TestRead(t *testing.T) {
	term := ttytest.Open(t)
	if got := find(t, read(t, local()), term.Name); got.InUse() {
		t.Errorf("a terminal where nobody is: %+v", got)
	}
	before := time.Now().Add(-2 * time.Second)
	term.Lead(t, "sleep", "1000")
	got := find(t, read(t, local()), term.Name)
	for got.What != "sleep" { // until it has been executed
		got = find(t, read(t, local()), term.Name)
	}
	if !got.InUse() || got.User != ttytest.Me(t) || got.Owner != uint32(os.Getuid()) || got.Device != term.Device ||
		got.Mode != 0o620 || got.Prompt || got.Hidden {
		t.Errorf("got %+v", got)
	}
	if got.Since.Before(before) || got.Since.After(time.Now().Add(time.Second)) {
		t.Errorf("since %v, started after %v", got.Since, before)
	}
	if err := term.Slave.Chmod(0o600 | fs.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if got := find(t, read(t, local()), term.Name); got.Mode != 0o1600 {
		t.Errorf("after mesg n, the mode is %o", got.Mode)
	}
}

func TestSortedByNumber(t *testing.T) {
	var names []string
	for range 11 {
		names = append(names, ttytest.Open(t).Name)
	}
	var got []string
	for _, term := range read(t, local()).Terminals {
		if slices.Contains(names, term.Name) {
			got = append(got, term.Name)
		}
	}
	slices.SortFunc(names, func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	})
	if !slices.Equal(got, names) {
		t.Errorf("got %v, want %v", got, names)
	}
}

// TestStaleUtmp holds that utmp's word counts only for a terminal that is its
// user's by the kernel's word, and that its lines lead nowhere else.
func TestStaleUtmp(t *testing.T) {
	mine, others := ttytest.Open(t), ttytest.Open(t)
	system := local()
	system.Utmp = filepath.Join(t.TempDir(), "utmp")
	var data []byte
	for _, e := range []struct{ line, user, host string }{
		{mine.Name, ttytest.Me(t), "far.example"},
		{others.Name, "somebody-else", "evil"},
		{"../../etc/passwd", ttytest.Me(t), ""},
		{"/etc/passwd", ttytest.Me(t), ""},
		{"sda", ttytest.Me(t), ""},
		{":0", ttytest.Me(t), ""},
		{"", ttytest.Me(t), ""},
		{"seat0", ttytest.Me(t), ""},
		{strings.Repeat("p", 32), strings.Repeat("u", 32), strings.Repeat("h", 256)},
	} {
		data = append(data, sessions.UtmpRecord(e.line, e.user, e.host)...)
	}
	data = append(data, data[:sessions.NativeLayout().Size/2]...)
	if err := os.WriteFile(system.Utmp, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p := read(t, system)
	if len(p.Problems) != 0 {
		t.Errorf("problems %v", p.Problems)
	}
	for _, term := range p.Terminals {
		if !strings.HasPrefix(term.Name, "pts/") && !strings.HasPrefix(term.Name, "tty") && !strings.HasPrefix(term.Name, "hvc") {
			t.Errorf("a terminal named %q", term.Name)
		}
	}
	if got := find(t, p, mine.Name); !got.InUse() || got.Host != "far.example" || !slices.Contains(got.Sources, sessions.Utmp) {
		t.Errorf("with an entry of its own: %+v", got)
	}
	if got := find(t, p, others.Name); got.InUse() || got.Host != "" {
		t.Errorf("with an entry of somebody else: %+v", got)
	}
}

func TestUnreadableUtmp(t *testing.T) {
	system := local()
	dir := t.TempDir() // it opens and cannot be read
	fifo := dir + "/fifo"
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, system.Utmp = range []string{dir, fifo} {
		if p := read(t, system); len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Error(), "utmp") {
			t.Errorf("%s: problems %v", system.Utmp, p.Problems)
		}
	}
}

func TestHiddenProc(t *testing.T) {
	term := ttytest.Open(t)
	system := local()
	system.Proc = t.TempDir() // what hidepid shows of others: nothing
	if err := os.Mkdir(system.Proc+"/self", 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/proc/self/mountinfo", system.Proc+"/self/mountinfo"); err != nil {
		t.Fatal(err)
	}
	p := read(t, system)
	if got := find(t, p, term.Name); !got.InUse() || !got.Hidden || got.What != "" || !got.BornOn {
		t.Errorf("got %+v", got)
	}
	if len(p.Problems) != 1 || !strings.Contains(p.Problems[0].Error(), "hides") {
		t.Errorf("problems %v", p.Problems)
	}
}

func TestLogindAnnotates(t *testing.T) {
	term := ttytest.Open(t)
	term.Lead(t, "sleep", "1000")
	since := time.Unix(1_790_000_000, 0)
	uid := uint32(os.Getuid())
	system := local()
	system.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) {
		return []sessions.Session{
			{ID: "c1", UID: uid, Class: "user", Terminal: term.Name, Host: "10.0.0.5", Since: since},
			{ID: "c2", UID: uid + 1, Class: "user", Terminal: term.Name, Host: "evil"},
			{ID: "c3", UID: 4242, User: "zoe", Class: "user", Type: "wayland", Seat: "seat0"},
			{ID: "c4", UID: 4242, Class: "manager"},
			{ID: "c5", UID: 120, Class: "greeter", Type: "x11"},
			{UID: 0, Class: "user"}, // without an id it belongs to no terminal
		}, errors.New("and a problem")
	})
	p := read(t, system)
	got := find(t, p, term.Name)
	if got.Session != "c1" || got.Host != "10.0.0.5" || !slices.Contains(got.Sources, sessions.Logind) {
		t.Errorf("got %+v", got)
	}
	var ids []string
	for _, s := range p.Sessions {
		ids = append(ids, s.ID)
	}
	if !slices.Equal(ids, []string{"", "c2", "c3"}) {
		t.Errorf("sessions without a terminal: %v", ids)
	}
	if len(p.Problems) != 1 {
		t.Errorf("problems %v", p.Problems)
	}
}

// TestGreeterOnATerminal has logind name the terminal that a greeter waits on: nobody
// is there.
func TestGreeterOnATerminal(t *testing.T) {
	for class, person := range map[string]bool{"greeter": false, "lock-screen": false, "user": true} {
		term := ttytest.Open(t)
		term.Lead(t, "sleep", "1000")
		system := local()
		system.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) {
			return []sessions.Session{{ID: "c1", UID: uint32(os.Getuid()), Class: class, Type: "tty", Terminal: term.Name}}, nil
		})
		if got := find(t, read(t, system), term.Name); got.InUse() != person || !got.Open() {
			t.Errorf("%s: %+v", class, got)
		}
	}
}

// TestDesktopOnATerminal has logind name the virtual console that a desktop is
// shown on: a session leader is there, and nobody reads text.
func TestDesktopOnATerminal(t *testing.T) {
	term := ttytest.Open(t)
	term.Lead(t, "sleep", "1000")
	system := local()
	system.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) {
		return []sessions.Session{{ID: "c1", UID: uint32(os.Getuid()), Class: "user", Type: "wayland", Terminal: term.Name}}, nil
	})
	p := read(t, system)
	if got := find(t, p, term.Name); got.InUse() {
		t.Errorf("it is in use: %+v", got)
	}
	if len(p.Sessions) != 1 || p.Sessions[0].ID != "c1" {
		t.Errorf("sessions without a terminal: %+v", p.Sessions)
	}
}

func TestNoDevices(t *testing.T) {
	system := local()
	system.Dev = "/nonexistent"
	if p, err := system.Read(t.Context()); err == nil {
		t.Errorf("without /dev the picture is %+v", p)
	}
}

// TestNoDevicesAndLogind: without /dev, nobody asks logind any longer once Read returns.
func TestNoDevicesAndLogind(t *testing.T) {
	system := local()
	system.Dev = "/nonexistent"
	asked, ended := false, false
	system.Logind = logins.Func(func(ctx context.Context) ([]sessions.Session, error) {
		asked = true
		<-ctx.Done()
		ended = true
		return nil, ctx.Err()
	})
	if _, err := system.Read(t.Context()); err == nil || asked != ended {
		t.Errorf("%v; asked: %v, ended: %v", err, asked, ended)
	}
}

func TestMyself(t *testing.T) {
	self := sessions.Myself()
	if self.Job != "" && self.Terminal != 0 {
		t.Logf("runs as a job with a terminal: %+v", self)
	}
	if _, err := os.Open("/dev/tty"); (err == nil) != (self.Terminal != 0) {
		t.Errorf("/dev/tty opens: %v, and the controlling terminal is %#x", err, self.Terminal)
	}
}

// BenchmarkReadAmongProcesses reads on a machine with 5,000 further processes.
func BenchmarkReadAmongProcesses(b *testing.B) {
	const script = `for i in $(seq 5000); do sleep 1000 & done; echo started; exec cat >/dev/null`
	cmd := exec.Command("sh", "-c", script)
	stdin, err := cmd.StdinPipe()
	if err != nil {
		b.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		b.Fatal(err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		b.Fatal(err)
	}
	defer func() {
		stdin.Close()
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		_ = cmd.Wait()
	}()
	if _, err := stdout.Read(make([]byte, 8)); err != nil {
		b.Fatal(err)
	}
	BenchmarkRead(b)
}

// BenchmarkReadTerminals reads where 1,000 terminals have a session leader.
func BenchmarkReadTerminals(b *testing.B) {
	for range 1000 {
		ttytest.Open(b).Lead(b, "sleep", "1000")
	}
	BenchmarkRead(b)
}

func BenchmarkRead(b *testing.B) {
	system := local()
	for b.Loop() {
		if _, err := system.Read(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

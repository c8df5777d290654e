package rate

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// take counts one message.
func take(ctx context.Context, dir string, uid uint32, limit Limit) (time.Duration, error) {
	c, err := Open(dir, uid, limit)
	if err != nil {
		return 0, err
	}
	defer unix.Close(c.file)
	return c.Take(ctx)
}

// TestMain lets the test binary be one of several processes that count.
func TestMain(m *testing.M) {
	if dir := os.Getenv("MSG_TEST_COUNT"); dir != "" {
		for range 10 {
			wait, err := take(context.Background(), dir, uint32(os.Getuid()), Limit{PerMinute: 1, Burst: 24})
			os.Stdout.WriteString(strconv.FormatBool(wait == 0 && err == nil) + "\n")
		}
		return
	}
	if uid, err := strconv.ParseUint(os.Getenv("MSG_TEST_TURN"), 10, 32); err == nil {
		if _, err := turn(context.Background(), uint32(uid), Limit{PerMinute: 60_000}); err != nil {
			panic(err)
		}
		os.Stdout.WriteString("x") // it has the turn until its input ends
		_, _ = os.Stdin.Read(make([]byte, 1))
		return
	}
	os.Exit(m.Run())
}

// counts makes a folder as msgd has it.
func counts(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "rate")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestProcessesCountTogether has ten processes at once send ten messages each,
// where 25 are allowed.
func TestProcessesCountTogether(t *testing.T) {
	dir := counts(t)
	var all []*exec.Cmd
	var out strings.Builder
	results := make(chan string, 10)
	for range cap(results) {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = []string{"MSG_TEST_COUNT=" + dir}
		all = append(all, cmd)
		go func() {
			data, err := cmd.Output()
			if err != nil {
				data = []byte(err.Error())
			}
			results <- string(data)
		}()
	}
	for range all {
		out.WriteString(<-results)
	}
	if went := strings.Count(out.String(), "true"); went != 25 || strings.Count(out.String(), "\n") != 100 {
		t.Errorf("%d messages went out, want 25 of 100: %s", went, out.String())
	}
}

func TestUnsafeFolders(t *testing.T) {
	dir := counts(t)
	limit, ctx, me := Limit{PerMinute: 20}, t.Context(), uint32(os.Getuid())
	count := filepath.Join(dir, strconv.Itoa(os.Getuid()))
	refuses := func(what, dir string) {
		t.Helper()
		if _, err := take(ctx, dir, me, limit); !errors.Is(err, ErrNowhere) {
			t.Errorf("%s: %v", what, err)
		}
	}
	refuses("missing", dir+"/missing")
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	refuses("a link", link)
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	refuses("open to all", dir)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o710); err != nil {
		t.Fatal(err)
	}
	refuses("open to a group", dir)
	if err := os.Chmod(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if me == 0 {
		for _, path := range []string{dir, count} {
			if err := errors.Join(os.WriteFile(count, nil, 0o600), os.Chown(path, 65534, -1)); err != nil {
				t.Fatal(err)
			}
			refuses("somebody else's "+path, dir)
			if err := errors.Join(os.Chown(path, 0, -1), os.Remove(count)); err != nil {
				t.Fatal(err)
			}
		}
	}
	victim := filepath.Join(t.TempDir(), "victim")
	if err := os.WriteFile(victim, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	before, _ := os.Stat(victim)
	for name, plant := range map[string]func(path string) error{
		"a link as the count": func(path string) error { return os.Symlink(victim, path) },
		"a hard link":         func(path string) error { return os.Link(victim, path) },
		"a pipe":              func(path string) error { return unix.Mkfifo(path, 0o600) },
		"a folder":            func(path string) error { return os.Mkdir(path, 0o700) },
	} {
		if err := plant(count); err != nil {
			t.Fatal(err)
		}
		refuses(name, dir)
		if err := os.Remove(count); err != nil {
			t.Fatal(err)
		}
	}
	if after, _ := os.Stat(victim); !after.ModTime().Equal(before.ModTime()) {
		t.Error("a file elsewhere was changed")
	}
	if wait, err := take(ctx, dir, me, limit); wait != 0 || err != nil {
		t.Errorf("as it has to be: %v, %v", wait, err)
	}
}

// TestNoDescriptors: a process that can open no more files has not found the place for counts
// missing, and counts nothing in another way.
func TestNoDescriptors(t *testing.T) {
	dir := counts(t)
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: limit.Max}); err != nil {
		t.Fatal(err)
	}
	_, err := Open(dir, 1003, Limit{PerMinute: 20})
	if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if !errors.Is(err, unix.EMFILE) || errors.Is(err, ErrNowhere) {
		t.Errorf("%v", err)
	}
}

// TestHeld: a process that was stopped at the count holds up its own user, for a
// second, and nobody else.
func TestHeld(t *testing.T) {
	dir := counts(t)
	limit, me := Limit{PerMinute: 20}, uint32(os.Getuid())
	if _, err := take(t.Context(), dir, me, limit); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, strconv.Itoa(os.Getuid())))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := take(t.Context(), dir, me, limit); !errors.Is(err, ErrHeld) || errors.Is(err, ErrNowhere) {
		t.Errorf("while it is held: %v", err)
	}
}

func TestAlone(t *testing.T) {
	uid, limit := uint32(3_000_000_000+os.Getpid()), Limit{PerMinute: 600}
	begun := time.Now()
	release, err := turn(t.Context(), uid, limit)
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took < limit.Interval() {
		t.Errorf("it went after %v", took)
	}
	if _, err := turn(t.Context(), uid, limit); !errors.Is(err, ErrHeld) || errors.Is(err, ErrNowhere) {
		t.Errorf("two at a time: %v", err)
	}
	release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := turn(ctx, uid, limit); !errors.Is(err, context.Canceled) {
		t.Errorf("given up: %v", err)
	}
}

// TestAloneTaken: if another account than msgd's has the turn's name, the error says which.
func TestAloneTaken(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root can start a process of another account")
	}
	const stranger, uid = 54321, 3_000_000_001
	cmd := exec.Command("/proc/self/exe") // the path is closed to the stranger
	cmd.Env = []string{"MSG_TEST_TURN=" + strconv.Itoa(uid)}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: stranger, Gid: stranger}}
	held, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	release, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err == nil {
		_, err = held.Read(make([]byte, 1))
	}
	if err != nil {
		t.Fatal(err)
	}
	_, err = turn(t.Context(), uid, Limit{PerMinute: 600})
	if want := "uid 54321 keeps the messages of uid 3000000001 from being counted"; !errors.Is(err, ErrNowhere) || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	if err := errors.Join(release.Close(), cmd.Wait()); err != nil {
		t.Error(err)
	}
}

func BenchmarkTake(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "rate")
	if err := os.Mkdir(dir, 0o700); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := take(b.Context(), dir, uint32(os.Getuid()), Limit{PerMinute: 60_000_000, Burst: 1000}); err != nil {
			b.Fatal(err)
		}
	}
}

// TestCount: a count that is open is good for more than one message, also when nobody may
// open it any more, and it is the same for all who have it open.
func TestCount(t *testing.T) {
	dir := counts(t)
	limit, me := Limit{PerMinute: 1, Burst: 2}, uint32(os.Getuid())
	one, err := Open(dir, me, limit)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(one.file)
	other, err := Open(dir, me, limit)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(other.file)
	if err := os.Chmod(dir, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o700) }) // so that it can be removed
	for i, c := range []*Count{one, other, one} {
		if wait, err := c.Take(t.Context()); wait != 0 || err != nil {
			t.Errorf("message %d: %v, %v", i, wait, err)
		}
	}
	if wait, err := other.Take(t.Context()); wait <= 0 || wait > time.Minute || err != nil {
		t.Errorf("one too many: %v, %v", wait, err)
	}
}

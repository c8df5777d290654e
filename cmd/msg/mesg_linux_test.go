package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/consent"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/tty/mine"
	"msg/internal/tty/ttytest"
)

// at is the world of somebody who sits at the terminal, on a host where new terminals have that
// mode.
func at(t *testing.T, term *os.File, devpts uint32) (w world, stdout *bytes.Buffer) {
	t.Helper()
	stdout = &bytes.Buffer{}
	here := delivery.Local()
	here.System.Proc = procWith(t, devpts)
	w = world{stdin: term, stdout: stdout, stderr: &bytes.Buffer{}, getenv: func(string) string { return "" }, here: here}
	if info, err := term.Stat(); err == nil {
		w.me.UID = info.Sys().(*syscall.Stat_t).Uid
	}
	return w, stdout
}

// procWith is a /proc without people's processes, in which /dev/pts has that option mode.
func procWith(t *testing.T, devpts uint32) string {
	t.Helper()
	dir := t.TempDir()
	var st syscall.Stat_t
	err := errors.Join(syscall.Stat("/dev/pts", &st), os.Mkdir(dir+"/1", 0o700), os.Mkdir(dir+"/self", 0o700),
		os.Symlink("/proc/1/stat", dir+"/1/stat"),
		os.WriteFile(dir+"/self/mountinfo", fmt.Appendf(nil, "23 22 %d:%d / /dev/pts rw - devpts devpts rw,gid=5,mode=%o\n",
			unix.Major(st.Dev), unix.Minor(st.Dev), devpts), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// persons has the terminal be a person's, who is not root, and plain: as one begins.
func persons(t *testing.T, mode uint32) *ttytest.Terminal {
	t.Helper()
	term := ttytest.Open(t)
	var err error
	if os.Getuid() == 0 {
		err = term.Slave.Chown(65534, 5)
	}
	if err = errors.Join(err, unix.Fchmod(int(term.Slave.Fd()), mode)); err != nil {
		t.Fatal(err)
	}
	return term
}

// keep has words kept in a store of the test's, for the user.
func keep(t *testing.T, w *world) consent.Store {
	t.Helper()
	store := consent.Store{Dir: t.TempDir() + "/consent"}
	w.words.say = func(_ context.Context, word consent.Word) error { return store.Set(w.me.UID, word) }
	w.words.told = func(_ context.Context, uid uint32) (consent.Word, error) { return store.Get(uid) }
	return store
}

func mode(t *testing.T, path string) uint32 {
	t.Helper()
	var st syscall.Stat_t
	if err := syscall.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Mode & 0o7777
}

// mesgStep is a command line, and what a user sees of it.
type mesgStep struct {
	args        string
	status      int
	out, errors string
	mode        uint32 // of the terminal, after it
}

// types runs the command lines at a terminal.
func types(t *testing.T, w world, stdout *bytes.Buffer, path string, steps []mesgStep) {
	t.Helper()
	for _, s := range steps {
		stdout.Reset()
		problems := &bytes.Buffer{}
		w.stderr = problems
		status, err := run(t.Context(), strings.Fields(s.args), w)
		if err != nil {
			w.complain(err)
		}
		if status != s.status || stdout.String() != s.out || problems.String() != s.errors || mode(t, path) != s.mode {
			t.Errorf("msg %s: status %d, %q, %q, mode %o; want %+v", s.args, status, stdout, problems, mode(t, path), s)
		}
	}
}

const (
	onByDefault = "messages are on here: by default, as you have said nothing\n"
	onHere      = "messages are on here: you said so on this terminal\n"
	offHere     = "messages are off here: you said so on this terminal; \"msg mesg y\" switches them on\n"
)

// TestMesg has the statuses that mesg(1) has. Where terminals begin without write permission, a
// new one is on by default.
func TestMesg(t *testing.T) {
	term := persons(t, 0o600)
	w, stdout := at(t, term.Slave, 0o600)
	types(t, w, stdout, term.Path, []mesgStep{
		{"mesg", 0, onByDefault, "", 0o600},
		{"mesg --json", 0, `{"terminal":"` + term.Name + `","messages":true,"why":"default"}` + "\n", "", 0o600},
		{"mesg n", 1, "", "", 0o1600},
		{"mesg", 1, offHere, "", 0o1600},
		{"mesg no -v", 1, offHere, "", 0o1600},
		{"mesg y", 0, "", "", 0o620},
		{"mesg -v", 0, onHere, "", 0o620},
		{"mesg --json no", 1, `{"terminal":"` + term.Name + `","messages":false,"why":"terminal"}` + "\n", "", 0o1600},
		{"mesg yes --json", 0, `{"terminal":"` + term.Name + `","messages":true,"why":"terminal"}` + "\n", "", 0o620},
	})
}

// TestMesgWhereTerminalsBeginOn: there, util-linux's mesg n has left a trace.
func TestMesgWhereTerminalsBeginOn(t *testing.T) {
	term := persons(t, 0o620)
	w, stdout := at(t, term.Slave, 0o620)
	types(t, w, stdout, term.Path, []mesgStep{{"mesg", 0, "messages are on here: this terminal began so, and you have said nothing\n", "", 0o620}})
	if err := term.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	types(t, w, stdout, term.Path, []mesgStep{{"mesg", 1, offHere, "", 0o600}})
}

// TestMesgOfRoot: a terminal of root's needs a yes.
func TestMesgOfRoot(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root has a terminal of root's; as root, this test runs")
	}
	term := ttytest.Open(t)
	if err := term.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	w, stdout := at(t, term.Slave, 0o600)
	types(t, w, stdout, term.Path, []mesgStep{
		{"mesg", 1, "messages are off here: a terminal of root's needs a yes; \"msg mesg y\" says it\n", "", 0o600},
		{"mesg y -v", 0, onHere, "", 0o620},
	})
}

// TestMesgEverywhere: a word about all terminals is kept, told, and taken back.
func TestMesgEverywhere(t *testing.T) {
	term := persons(t, 0o600)
	w, stdout := at(t, term.Slave, 0o600)
	noon := time.Date(2026, 7, 1, 12, 0, 0, 0, time.Local)
	w.here.Now = func() time.Time { return noon }
	store := keep(t, &w)
	until := noon.Add(time.Hour).UTC().Format(time.RFC3339)
	const takesBack = "hint: \"msg mesg --everywhere default\" takes that back\n"
	types(t, w, stdout, term.Path, []mesgStep{
		{"mesg --everywhere n", 0, "", "", 0o600},
		{"mesg", 1, "messages are off here: you said so for all your terminals; \"msg mesg --everywhere default\" takes that back\n" +
			"for all your terminals: no\n", "", 0o600},
		{"mesg y", 1, "", "msg: messages stay off: said for all terminals of this user (msg mesg --everywhere)\n" + takesBack, 0o620},
		{"mesg --everywhere y -v", 0, "messages are on here: you said so for all your terminals\nfor all your terminals: yes\n", "", 0o620},
		{"mesg --everywhere n --for 1h --json", 0, `{"terminal":"` + term.Name + `","messages":false,"why":"everywhere",` +
			`"everywhere":{"say":"no","until":"` + until + `","after":{"say":"yes"}}}` + "\n", "", 0o620},
		{"mesg", 1, "messages are off here: you said so for all your terminals; \"msg mesg --everywhere default\" takes that back\n" +
			"for all your terminals: no, until 13:00; then yes\n", "", 0o620},
		{"mesg n", 1, "", "", 0o1600},
		{"mesg --everywhere yes", 0, "", "msg: messages stay off here: said on this terminal (mesg n)\nhint: \"msg mesg y\" switches them on\n", 0o1600},
		{"mesg y", 0, "", "", 0o620},
		{"mesg --everywhere root,%root,uid:70123,%5000", 0, "", "", 0o620},
		{"mesg", 0, "messages are on here: you said so for all your terminals\n" +
			"for all your terminals: yes, from root, %root, uid:70123 and %5000 alone\n", "", 0o620},
		{"mesg --everywhere default", 0, "", "", 0o620},
		{"mesg", 0, onHere, "", 0o620},
		{"mesg --everywhere user:root", 0, "", "", 0o620},
	})
	if got, err := store.Get(w.me.UID); err != nil || !reflect.DeepEqual(got, consent.Word{Say: consent.Yes, Only: []string{"root"}}) {
		t.Errorf("%+v, %v", got, err)
	}
	w.stdin = strings.NewReader("") // a word for all terminals needs none
	types(t, w, stdout, term.Path, []mesgStep{
		{"mesg --everywhere default -v", 0, "for all your terminals: nothing\n", "", 0o620},
		{"mesg --everywhere n --json", 0, `{"everywhere":{"say":"no"}}` + "\n", "", 0o620},
	})
}

// TestMesgEverywhereRefuses: nothing is kept of a command line that is wrong.
func TestMesgEverywhereRefuses(t *testing.T) {
	term := persons(t, 0o600)
	w, stdout := at(t, term.Slave, 0o600)
	store := keep(t, &w)
	const names = "hint: y, n, default, or users and %groups: msg mesg --everywhere bob,%ops\n"
	types(t, w, stdout, term.Path, []mesgStep{
		{"mesg --for 1h", 2, "", "msg: --for goes with --everywhere\nhint: \"msg mesg --everywhere n --for 1h\" is for all your terminals\n", 0o600},
		{"mesg n --for 1h", 2, "", "msg: --for goes with --everywhere\nhint: \"msg mesg --everywhere n --for 1h\" is for all your terminals\n", 0o600},
		{"mesg n --everywhere y", 2, "", "msg: this terminal and all terminals at once\n" +
			"hint: \"msg mesg n\" is for this terminal, \"msg mesg --everywhere y\" for all of yours\n", 0o600},
		{"mesg --everywhere no-such-user", 2, "", "msg: unknown user \"no-such-user\"\n", 0o600},
		{"mesg --everywhere root,%no-such-group", 2, "", "msg: unknown group \"no-such-group\"\n", 0o600},
		{"mesg --everywhere root,", 2, "", "msg: --everywhere: \"\" is no user, uid:NUMBER or %group\n" + names, 0o600},
		{"mesg --everywhere root,%", 2, "", "msg: --everywhere: \"%\" is no user, uid:NUMBER or %group\n" + names, 0o600},
		{"mesg --everywhere tty:pts/1", 2, "", "msg: --everywhere: \"tty:pts/1\" is no user, uid:NUMBER or %group\n" + names, 0o600},
		{"mesg --everywhere " + strings.Repeat("root,", consent.MostNames) + "root", 2, "", "msg: --everywhere takes 64 names at most\nhint: a %group counts once\n", 0o600},
	})
	if got, err := store.Get(w.me.UID); err != nil || got.Say != consent.Unsaid {
		t.Errorf("%+v, %v", got, err)
	}
	w.words.say = func(context.Context, consent.Word) error { return errors.New("no space left on device") }
	types(t, w, stdout, term.Path, []mesgStep{{"mesg --everywhere n", 2, "", "msg: no space left on device\n", 0o600}})
	w.words.say = func(context.Context, consent.Word) error { return nil }
	w.words.told = func(context.Context, uint32) (consent.Word, error) { return consent.Word{}, consent.ErrBroken }
	types(t, w, stdout, term.Path, []mesgStep{{"mesg --everywhere n", 0, "", "msg: the file is damaged\n", 0o600}})
	w.words = words{}
	types(t, w, stdout, term.Path, []mesgStep{
		{"mesg --everywhere n", 2, "", "msg: this needs msgd, and it does not run here\nhint: \"msg doctor\" says what to do\n", 0o600},
		{"mesg", 0, onByDefault, "", 0o600}, // and nothing was said
	})
}

// TestMesgInDoubt: a word that can't be read is a no, and that is told.
func TestMesgInDoubt(t *testing.T) {
	term := persons(t, 0o620)
	w, stdout := at(t, term.Slave, 0o600)
	w.words.told = func(context.Context, uint32) (consent.Word, error) { return consent.Word{}, consent.ErrBroken }
	types(t, w, stdout, term.Path, []mesgStep{{
		"mesg", 1, "messages are off here: what you said for all your terminals can't be read; \"msg mesg --everywhere default\" takes it back\n",
		"msg: the file is damaged\n", 0o620,
	}})
}

// TestSessionsSayWhy: msg sessions tells whether messages are on by the same rule, and why.
func TestSessionsSayWhy(t *testing.T) {
	for _, c := range []struct {
		mode          uint32
		word          consent.Word
		messages, why string
	}{
		{0o600, consent.Word{}, "true", "default"},
		{0o1600, consent.Word{}, "false", "terminal"},
		{0o620, consent.Word{Say: consent.No}, "false", "everywhere"},
		{0o600, consent.Word{Say: consent.Yes, Only: []string{"root"}}, "true", "everywhere"},
	} {
		term := persons(t, c.mode)
		w, stdout := at(t, term.Slave, 0o600)
		store := keep(t, &w)
		if err := store.Set(w.me.UID, c.word); err != nil {
			t.Fatal(err)
		}
		for args, want := range map[string]string{
			"sessions --json " + term.Name: `"messages":` + c.messages + `,"why":"` + c.why + `"`,
			"sessions -v " + term.Name:     map[string]string{"true": " on (", "false": " off ("}[c.messages] + c.why + ") ",
		} {
			stdout.Reset()
			status, err := run(t.Context(), strings.Fields(args), w)
			if err != nil || status != 0 || !strings.Contains(stdout.String(), want) {
				t.Errorf("mode %o, %+v: msg %s: status %d, %v, %q, want %q", c.mode, c.word, args, status, err, stdout, want)
			}
		}
		stdout.Reset()
		if _, err := run(t.Context(), []string{"sessions", term.Name}, w); err != nil || strings.Contains(stdout.String(), "("+c.why+")") {
			t.Errorf("without -v: %q, %v", stdout, err)
		}
	}
}

// TestOthersWordsAreTheirs: a user who is not root is not told what others said.
func TestOthersWordsAreTheirs(t *testing.T) {
	var w world
	w.me.UID = 1001
	w.words.told = func(_ context.Context, uid uint32) (consent.Word, error) {
		if uid != w.me.UID {
			t.Errorf("asked for %d's", uid)
		}
		return consent.Word{Say: consent.No}, nil
	}
	w.here.Now = time.Now
	for uid, want := range map[uint32]consent.Answer{1001: consent.No, 1002: consent.Unsaid} {
		if got, err := w.wordOf(t.Context(), uid); err != nil || got.Say != want {
			t.Errorf("%d: %+v, %v", uid, got, err)
		}
	}
	w.me.UID = 0
	asked := false
	w.words.told = func(_ context.Context, uid uint32) (consent.Word, error) {
		asked = uid == 1002
		return consent.Word{}, nil
	}
	if _, err := w.wordOf(t.Context(), 1002); err != nil || !asked {
		t.Errorf("root does not ask: %v", err)
	}
}

// TestOwnWords holds that there are words for every verdict.
func TestOwnWords(t *testing.T) {
	for bits := range 32 {
		rule := consent.Rule{Everywhere: consent.Answer(bits & 3), BeginsOn: bits&4 != 0, Explicit: bits&8 != 0, Unsaid: bits&16 != 0}
		for _, mode := range []uint32{0o600, 0o620, 0o1600, 0o1620} {
			if v := rule.Judge(mode); ownWords[v] == "" {
				t.Errorf("%+v, mode %o: nothing is said of %+v", rule, mode, v)
			}
		}
	}
}

func TestUntilClock(t *testing.T) {
	now := time.Date(2026, 7, 1, 12, 0, 0, 0, time.Local)
	for want, at := range map[string]time.Time{
		"23:59": now.Add(12*time.Hour - time.Minute), "Jul 02 00:00": now.Add(12 * time.Hour), "2028-07-01": now.AddDate(2, 0, 0),
	} {
		if got := untilClock(at, now); got != want {
			t.Errorf("%v is shown as %q, want %q", at, got, want)
		}
	}
}

// TestMesgTakesWriteFromOthers: off is off for everyone.
func TestMesgTakesWriteFromOthers(t *testing.T) {
	term := persons(t, 0o622)
	w, stdout := at(t, term.Slave, 0o600)
	types(t, w, stdout, term.Path, []mesgStep{{"mesg n", 1, "", "", 0o1600}})
}

// TestMesgByItsOwnName: mesg says no with the same bit, in util-linux's words.
func TestMesgByItsOwnName(t *testing.T) {
	term := persons(t, 0o620)
	w, stdout := at(t, term.Slave, 0o600)
	w.name = "mesg"
	types(t, w, stdout, term.Path, []mesgStep{
		{"", 0, "is y\n", "", 0o620},
		{"-v n", 1, "write access to your terminal is denied\n", "", 0o1600},
		{"", 1, "is n\n", "", 0o1600},
		{"y", 0, "", "", 0o620},
	})
}

// TestMesgOfDevTTY: what /dev/tty stands for is changed, and /dev/tty is not.
func TestMesgOfDevTTY(t *testing.T) {
	if os.Getenv("MESG_AT") != "" {
		tty, err := os.Open("/dev/tty")
		if err != nil {
			t.Fatal(err)
		}
		w, stdout := at(t, tty, 0o600)
		status, err := run(context.Background(), []string{"mesg", "--json", "n"}, w)
		var got struct{ Terminal string }
		if json.Unmarshal(stdout.Bytes(), &got) != nil || status != 1 || err != nil || got.Terminal != os.Getenv("MESG_AT") {
			t.Fatalf("status %d, %v, %q", status, err, stdout)
		}
		return
	}
	term, before := ttytest.Open(t), mode(t, "/dev/tty")
	cmd := exec.Command(os.Args[0], "-test.run=^TestMesgOfDevTTY$")
	cmd.Env = append(os.Environ(), "MESG_AT="+term.Name)
	cmd.Stdin = term.Slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got, after := mode(t, term.Path), mode(t, "/dev/tty"); got != 0o1600 || after != before {
		t.Errorf("the terminal has mode %o, /dev/tty %o", got, after)
	}
}

// TestMesgOfAnother: the kernel lets nobody else change it, and it is said whose
// it is.
func TestMesgOfAnother(t *testing.T) {
	w, _ := at(t, nil, 0o600)
	err := refused(context.Background(), w, &mine.Terminal{Name: "pts/2", Owner: 0}, &os.PathError{Op: "chmod", Path: "/dev/pts/2", Err: syscall.EPERM})
	var request *message.Refusal
	if !errors.As(err, &request) || request.Problem != "pts/2 belongs to root" || !strings.HasPrefix(request.Hint, "only root may ") {
		t.Errorf("%#v", err)
	}
}

package answers

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/sys/unix"
)

func init() { owner = uint32(os.Getuid()) }

// ample is how long what must come may take on a busy machine.
const ample = 20 * time.Second

// place is a directory for sockets, with a short name: theirs may have 107 bytes.
func place(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "a")
	if err == nil {
		err = os.Chmod(dir, os.ModeSticky|0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
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

// about are the uids that were asked about.
func (d *desk) about() map[uint32]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	uids := map[uint32]bool{}
	for _, a := range d.seen {
		uids[a.UID] = true
	}
	return uids
}

func listening(t testing.TB, dir string) *Socket {
	t.Helper()
	s, err := Listen(dir, owner)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// named listens under that name.
func named(t testing.TB, dir, name string) *Socket {
	t.Helper()
	s, err := listen(dir, name)
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
		await(t, done, "the end of Serve")
	})
}

func await(t testing.TB, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(ample):
		t.Errorf("%s does not come", what)
	}
}

// until waits until something is so.
func until(t testing.TB, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(ample); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

// connect connects without a word.
func connect(t testing.TB, path string) *os.File {
	t.Helper()
	conn, err := dial(t.Context(), path, time.Now().Add(ample))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// fill connects until the queue of who does not accept is full. What it returns closes
// the connections.
func fill(t testing.TB, path string) (empty func()) {
	t.Helper()
	var fds []int
	empty = sync.OnceFunc(func() {
		for _, fd := range fds {
			_ = unix.Close(fd)
		}
	})
	t.Cleanup(empty)
	for range 10 * queued {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
		if err != nil {
			t.Fatal(err)
		}
		fds = append(fds, fd)
		switch err := unix.Connect(fd, &unix.SockaddrUnix{Name: path}); {
		case errors.Is(err, unix.EAGAIN):
			return empty
		case err != nil:
			t.Fatal(err)
		}
	}
	t.Fatal("the queue has no end")
	return nil
}

// as does something in a thread that is another user's, who is then who connects.
func as(t *testing.T, uid int, do func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine
		const same = ^uintptr(0)
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, uintptr(uid), same); errno != 0 {
			t.Errorf("setresuid: %v", errno)
			return
		}
		do()
	}()
	await(t, done, fmt.Sprint("what uid ", uid, " does"))
}

func rootOnly(t *testing.T) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root can be somebody else; the lab's tests run as root")
	}
}

// said says raw bytes and returns what comes until the other end closes; it says them again
// while that is busy. Unless open, our end says that there is no more.
func said(t *testing.T, path string, words []byte, open bool) (out string, err error) {
	t.Helper()
	until(t, "a place", func() bool {
		out, err = saidOnce(t, path, words, open)
		return out != string(busy)
	})
	return out, err
}

func saidOnce(t *testing.T, path string, words []byte, open bool) (string, error) {
	t.Helper()
	conn := connect(t, path)
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

// TestAnswer: an answer arrives as it was given, whatever bytes it has, with who gives it
// by the kernel's word; who answers sees what they have answered.
func TestAnswer(t *testing.T) {
	dir := place(t)
	d := &desk{message: Message{From: "root@d13", At: time.UnixMilli(1764100000123), Text: "Restart\nat five?"}}
	s := listening(t, dir)
	serve(t, s, d)
	whom := uint32(1000)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	sent := []Answer{
		{Kind: OK},
		{Kind: Reply, Text: "Ten minutes."},
		{Kind: Reply, Text: " in lines\nof their own\n\xff\x00"},
		{Kind: Reply, Text: string(all)},
		{Kind: Reply, Text: strings.Repeat("x", MaxText)},
		{Kind: Reply, Text: strings.Repeat("\xff", MaxText), For: &whom},
		{Kind: Reply, Text: strings.Repeat("x\n", MaxLines-1) + "x"},
		{Kind: OK, Text: "not passed on"},
	}
	for _, a := range sent {
		m, err := Send(t.Context(), dir, s.Code, a)
		want := d.message
		want.Code, want.Answered = s.Code, true
		if err != nil || !reflect.DeepEqual(m, want) {
			t.Errorf("%s %.20q: %+v, %v; want %+v", a.Kind, a.Text, m, err, want)
		}
	}
	got := d.taken()
	if len(got) != len(sent) {
		t.Fatalf("%d came of %d", len(got), len(sent))
	}
	for i, a := range sent {
		a.UID, a.PID = uint32(os.Getuid()), os.Getpid()
		if os.Getuid() != 0 {
			a.For = nil
		}
		if a.Kind == OK {
			a.Text = ""
		}
		if !reflect.DeepEqual(got[i], a) {
			t.Errorf("%+v came, want %+v", got[i], a)
		}
	}
}

// TestRefusedByTheDesk: what is not taken is refused in the desk's words.
func TestRefusedByTheDesk(t *testing.T) {
	dir, d := place(t), &desk{refuse: errors.New("that message was not sent to you")}
	s := listening(t, dir)
	serve(t, s, d)
	var refused *Refused
	if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK}); !errors.As(err, &refused) || refused.Error() != d.refuse.Error() {
		t.Errorf("%v, want %v", err, d.refuse)
	}
}

// TestRefusedReplies: a reply that is none is refused here and at the other end, too.
func TestRefusedReplies(t *testing.T) {
	dir, d := place(t), &desk{}
	s := listening(t, dir)
	serve(t, s, d)
	for text, want := range map[string]string{
		"":                                   "the reply is empty",
		" \n\t\n ":                           "the reply is empty",
		strings.Repeat("x", MaxText+1):       "the reply is longer than 4 KiB",
		strings.Repeat("\xff", MaxText+100):  "the reply is longer than 4 KiB",
		strings.Repeat("x\n", MaxLines):      "the reply has more than 50 lines",
		strings.Repeat("\n", MaxLines) + "x": "the reply has more than 50 lines",
	} {
		if err := CheckReply(text); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
		var refused *Refused
		if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: Reply, Text: text}); !errors.As(err, &refused) || refused.Problem != want {
			t.Errorf("%.20q was sent: %v, want %q", text, err, want)
		}
	}
	if got := d.taken(); len(got) > 0 {
		t.Errorf("%+v were taken", got)
	}
}

// TestCode: a code is a letter, a digit and a letter; every one that is made is.
func TestCode(t *testing.T) {
	for s, want := range map[string]bool{
		"k7m": true, "a2z": true, "": false, "k7": false, "k7mm": false, "K7m": false, "k7M": false, "77m": false, "kkm": false,
		"k7m\n": false, ".k7": false, "k1m": false, "k0m": false, "i7m": false, "k7l": false, "o7m": false, "k/m": false,
		"é7": false, "k7\x00": false, "../": false, "k\xff7": false,
	} {
		if IsCode(s) != want {
			t.Errorf("IsCode(%q) is %v", s, !want)
		}
	}
	made := map[string]bool{}
	for i := range 256 {
		for j := range 256 {
			for _, c := range []string{code([3]byte{byte(i), byte(j)}), code([3]byte{0, byte(j), byte(i)})} {
				if made[c] = true; !IsCode(c) {
					t.Fatalf("%q was made", c)
				}
			}
		}
	}
	if want := 2*len(letters)*len(digits) - len(digits); len(made) != want {
		t.Errorf("%d codes were made, want %d", len(made), want)
	}
}

// TestOwnCodes: no two sockets have one code, also of those that are made at once; none
// is taken for a dead one, and who has one may be anybody.
func TestOwnCodes(t *testing.T) {
	dir := place(t)
	const many = MostEach - 1
	sockets := make([]*Socket, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			s, err := Listen(dir, owner)
			if err != nil {
				t.Error(err)
			}
			sockets[i] = s
		})
	}
	all.Wait()
	var codes []string
	for _, s := range sockets {
		if s == nil {
			continue
		}
		if codes = append(codes, s.Code); !IsCode(s.Code) {
			t.Errorf("code %q", s.Code)
		}
		if info, err := os.Lstat(dir + "/" + s.Code); err != nil || info.Mode() != os.ModeSocket|0o666 {
			t.Errorf("%s: %v, %v", s.Code, info, err)
		}
		serve(t, s, &desk{message: Message{Text: s.Code}})
	}
	slices.Sort(codes)
	if got := names(t, dir); len(codes) != many || !slices.Equal(got, codes) {
		t.Errorf("%q are there, want %q", got, codes)
	}
	for _, code := range codes {
		if m, err := Send(t.Context(), dir, code, Answer{Kind: OK}); err != nil || m.Text != code {
			t.Errorf("%s: %+v, %v", code, m, err)
		}
	}
	for _, s := range sockets {
		if s != nil && !s.Close() {
			t.Errorf("%s is not removed", s.Code)
		}
	}
	if got := names(t, dir); len(got) > 0 {
		t.Errorf("%q are left", got)
	}
}

// TestTakenCode: a code that somebody has is not taken from them, and nothing is left of
// the attempt.
func TestTakenCode(t *testing.T) {
	dir := place(t)
	s := named(t, dir, "k7m")
	serve(t, s, &desk{message: Message{Text: "first"}})
	if second, err := listen(dir, "k7m"); !errors.Is(err, unix.EEXIST) || !errors.Is(err, ErrNowhere) {
		t.Errorf("the second is %+v, %v", second, err)
	}
	if m, err := Send(t.Context(), dir, "k7m", Answer{Kind: OK}); err != nil || m.Text != "first" {
		t.Errorf("%+v, %v", m, err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"k7m"}) {
		t.Errorf("%q are there", got)
	}
}

// TestClear: what nobody listens at is removed, by the next that listens, too; what
// somebody listens at, or is about to, is not.
func TestClear(t *testing.T) {
	for _, how := range []string{"Clear", "Listen"} {
		t.Run(how, func(t *testing.T) {
			dir := place(t)
			serve(t, named(t, dir, "a2a"), &desk{})
			named(t, dir, "b2b")
			fill(t, dir+"/b2b")
			dead := named(t, dir, "c2c")
			if err := dead.file.Close(); err != nil {
				t.Fatal(err)
			}
			fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			defer unix.Close(fd)
			if err := unix.Bind(fd, &unix.SockaddrUnix{Name: dir + "/.d2d"}); err != nil {
				t.Fatal(err)
			}
			want := []string{".d2d", "a2a", "b2b"}
			if how == "Clear" {
				if theirs, err := Clear(dir, owner); theirs != 3 || err != nil {
					t.Errorf("%d are left, %v", theirs, err)
				}
				if theirs, err := Clear(dir, owner+1); theirs != 0 || err != nil {
					t.Errorf("%d of somebody else are left, %v", theirs, err)
				}
			} else {
				want = append(want, listening(t, dir).Code)
				slices.Sort(want)
			}
			if got := names(t, dir); !slices.Equal(got, want) {
				t.Errorf("%q are left, want %q", got, want)
			}
		})
	}
}

// TestClearOfOne: what somebody else has left is removed by them and by root alone.
func TestClearOfOne(t *testing.T) {
	rootOnly(t)
	for uid, want := range map[uint32][]string{65533: {"a2a", "b2b"}, 65534: {"a2a"}, 0: {"a2a"}} {
		dir := place(t)
		named(t, dir, "a2a")
		dead := named(t, dir, "b2b")
		if err := errors.Join(dead.file.Close(), os.Lchown(dir+"/b2b", 65534, -1)); err != nil {
			t.Fatal(err)
		}
		if _, err := Clear(dir, uid); err != nil {
			t.Errorf("uid %d: %v", uid, err)
		}
		if got := names(t, dir); !slices.Equal(got, want) {
			t.Errorf("uid %d leaves %q, want %q", uid, got, want)
		}
	}
}

// TestUnsafeDirectory: a directory that somebody else may write to, or that is elsewhere,
// is no place for sockets.
func TestUnsafeDirectory(t *testing.T) {
	outer, live := place(t), place(t)
	s := named(t, live, "k7m")
	serve(t, s, &desk{})
	paths := map[string]string{
		"writable":   outer + "/w",
		"not sticky": outer + "/s",
		"a link":     outer + "/l",
		"a file":     outer + "/f",
		"not there":  outer + "/n",
		"not theirs": outer + "/o",
	}
	err := errors.Join(
		os.Mkdir(paths["writable"], 0o755), os.Chmod(paths["writable"], os.ModeSticky|0o777),
		os.Mkdir(paths["not sticky"], 0o755),
		os.Symlink(live, paths["a link"]),
		os.WriteFile(paths["a file"], nil, 0o600),
		os.Mkdir(paths["not theirs"], 0o755), os.Chmod(paths["not theirs"], os.ModeSticky|0o755),
	)
	if err != nil {
		t.Fatal(err)
	}
	if os.Getuid() == 0 {
		if err := os.Chown(paths["not theirs"], 65534, 0); err != nil {
			t.Fatal(err)
		}
	} else {
		delete(paths, "not theirs")
	}
	for name, dir := range paths {
		if s, err := Listen(dir, owner); !errors.Is(err, ErrNowhere) {
			t.Errorf("%s: listens at %+v, %v", name, s, err)
		}
		if _, err := Clear(dir, owner); err == nil {
			t.Errorf("%s is cleared", name)
		}
		if found, err := Waiting(t.Context(), dir, nil); len(found) > 0 || (err == nil) != (name == "not there") {
			t.Errorf("%s: %+v wait there, %v", name, found, err)
		}
	}
	if got := names(t, paths["writable"]); len(got) > 0 {
		t.Errorf("%q were made", got)
	}
	if err := os.Chmod(paths["writable"], os.ModeSticky|0o775); err != nil {
		t.Fatal(err)
	}
	listening(t, paths["writable"]) // its group may
}

// TestMostEach: a user may have so many, and one more when one of them has gone. Others,
// and root, are not bounded by that.
func TestMostEach(t *testing.T) {
	dir, uid := place(t), owner
	if uid == 0 {
		uid = 65534
	}
	var sockets []*Socket
	for range MostEach {
		s, err := Listen(dir, uid)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { s.Close() })
		sockets = append(sockets, s)
		if uid != owner {
			if err := os.Lchown(dir+"/"+s.Code, int(uid), -1); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s, err := Listen(dir, uid); !errors.Is(err, ErrTooMany) || !strings.HasPrefix(err.Error(), "64 messages of yours") {
		t.Errorf("one too many: %+v, %v", s, err)
	}
	if got := names(t, dir); len(got) != MostEach {
		t.Errorf("%d are there", len(got))
	}
	for _, other := range []uint32{uid + 1, 0} {
		s, err := Listen(dir, other)
		if err != nil {
			t.Errorf("uid %d: %v", other, err)
			continue
		}
		s.Close()
	}
	_ = sockets[0].file.Close() // as one that was killed
	s, err := Listen(dir, uid)
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// TestRawLines: what is not exactly a question is refused, or has no reaction at all; and
// nothing is taken.
func TestRawLines(t *testing.T) {
	const noAnswer = `{"event":"refused","problem":"what came is no answer"}` + "\n"
	const empty = `{"event":"refused","problem":"the reply is empty"}` + "\n"
	dir, d := place(t), &desk{}
	s := listening(t, dir)
	serve(t, s, d)
	for name, c := range map[string]struct {
		words string
		open  bool // our end stays open
		want  string
	}{
		"nothing":        {"", false, ""},
		"an empty line":  {"\n", true, noAnswer},
		"no JSON":        {"ok\n", true, noAnswer},
		"an array":       {`[{"want":"ok"}]` + "\n", true, noAnswer},
		"null":           {"null\n", true, noAnswer},
		"no want":        {"{}\n", true, noAnswer},
		"no such want":   {`{"want":"no"}` + "\n", true, noAnswer},
		"a want in caps": {`{"want":"OK"}` + "\n", true, noAnswer},
		"a number":       {`{"want":1}` + "\n", true, noAnswer},
		"an unknown key": {`{"want":"ok","uid":0}` + "\n", true, noAnswer},
		"no base64":      {`{"want":"reply","text":"Ten minutes."}` + "\n", true, noAnswer},
		"no text":        {`{"want":"reply"}` + "\n", true, empty},
		"a large uid":    {`{"want":"ok","for":4294967296}` + "\n", true, noAnswer},
		"a negative uid": {`{"want":"ok","for":-1}` + "\n", true, noAnswer},
		"deep":           {strings.Repeat("[", 8000) + "\n", true, noAnswer},
		"cut off":        {`{"want":"ok"}`, false, ""},
		"a long line":    {`{"want":"ok"` + strings.Repeat(" ", mostQuestion) + "}\n", true, ""},
		"endless":        {strings.Repeat("x", 1<<20), true, ""},
		"zeros":          {strings.Repeat("\x00", 1<<20), true, ""},
	} {
		got, err := said(t, s.dir+"/"+s.Code, []byte(c.words), c.open)
		if got != c.want || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("%s: %q, %v; want %q", name, got, err, c.want)
		}
	}
	if got := d.taken(); len(got) > 0 {
		t.Errorf("%+v were taken", got)
	}
	got, err := said(t, s.dir+"/"+s.Code, []byte(`{"want":"reply","text":"eA=="}`+strings.Repeat(" ", 100)+"\n"), true)
	if took := d.taken(); err != nil || !strings.HasPrefix(got, `{"event":"taken",`) || len(took) != 1 || took[0].Text != "x" {
		t.Errorf("a good one: %q, %v, %+v", got, err, took)
	}
}

// TestLongestLine: a line may be as long as it may be, and arrive byte by byte.
func TestLongestLine(t *testing.T) {
	for _, length := range []int{0, 1, 511, 512, 513, 1023, 1024, mostQuestion - 1, mostQuestion, mostQuestion + 1} {
		line := strings.Repeat("x", length)
		got, err := readLine(oneByte{strings.NewReader(line + "\n")}, mostQuestion)
		if fits := length < mostQuestion; fits && (string(got) != line || err != nil) || !fits && !errors.Is(err, errTooLong) {
			t.Errorf("%d bytes: %d, %v", length, len(got), err)
		}
	}
	if got, err := readLine(strings.NewReader("cut off"), mostQuestion); !errors.Is(err, io.EOF) {
		t.Errorf("%q, %v", got, err)
	}
}

type oneByte struct{ from io.Reader }

func (r oneByte) Read(p []byte) (int, error) { return r.from.Read(p[:min(1, len(p))]) }

// TestSilent: who says nothing, or not all of it, is heard for so long and no longer.
func TestSilent(t *testing.T) {
	t.Parallel()
	dir, d := place(t), &desk{}
	s := listening(t, dir)
	serve(t, s, d)
	var all sync.WaitGroup
	for name, words := range map[string]string{"nothing": "", "half a line": `{"want":`, "bit by bit": ""} {
		all.Go(func() {
			begun := time.Now()
			conn := connect(t, dir+"/"+s.Code)
			if _, err := io.WriteString(conn, words); err != nil {
				t.Error(name, err)
			}
			if name == "bit by bit" {
				for time.Since(begun) < ample {
					if _, err := conn.WriteString("x"); err != nil {
						break
					}
					time.Sleep(talkTime / 100)
				}
			}
			out, err := io.ReadAll(conn)
			took := time.Since(begun)
			if len(out) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) || took < talkTime || took >= ample {
				t.Errorf("%s: %q, %v, after %v", name, out, err, took)
			}
		})
	}
	all.Wait()
	if got := d.taken(); len(got) > 0 {
		t.Errorf("%+v were taken", got)
	}
}

// TestOneUsersCrowd: of one user's connections that say nothing four are heard, and the
// others are told so at once; who wants to answer has a place when these have had theirs.
func TestOneUsersCrowd(t *testing.T) {
	t.Parallel()
	dir, d := place(t), &desk{}
	s := listening(t, dir)
	var crowd []*os.File
	for range 100 {
		crowd = append(crowd, connect(t, dir+"/"+s.Code))
	}
	serve(t, s, d)
	begun := time.Now()
	var mu sync.Mutex
	heard, busy := 0, 0
	var all sync.WaitGroup
	for _, conn := range crowd {
		all.Go(func() {
			out, err := io.ReadAll(conn)
			mu.Lock()
			defer mu.Unlock()
			switch string(out) {
			case "":
				heard++
			case `{"event":"busy"}` + "\n":
				busy++
			default:
				t.Errorf("%q, %v", out, err)
			}
		})
	}
	if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK}); err != nil {
		t.Errorf("somebody who answers: %v", err)
	}
	all.Wait()
	if rounds := 1 + int(time.Since(begun)/talkTime); heard == 0 || busy == 0 || heard > rounds*mostOfOne {
		t.Errorf("%d were heard, %d not, in %v", heard, busy, time.Since(begun))
	}
}

// TestRoom: one user has four places, those who are not asked have sixteen, all have 256;
// and who leaves makes room.
func TestRoom(t *testing.T) {
	now := time.Now()
	many := func(r *room, uid uint32, stranger bool, n int) (entered int) {
		for range n {
			if r.enter(uid, stranger, now) {
				entered++
			}
		}
		return entered
	}
	r := newRoom()
	if got := many(r, 1, false, 10); got != mostOfOne {
		t.Errorf("%d of one user", got)
	}
	if r.leave(1, false); many(r, 1, false, 2) != 1 {
		t.Error("one left, and not one entered")
	}
	r, strangers := newRoom(), 0
	for uid := range uint32(100) {
		strangers += many(r, 1000+uid, true, 10)
	}
	if strangers != mostStrangers {
		t.Errorf("%d strangers", strangers)
	}
	if got := many(r, 1, false, 10); got != mostOfOne {
		t.Errorf("%d of who is asked, among strangers", got)
	}
	if many(r, 5000, true, 1) != 0 {
		t.Error("one more stranger")
	}
	if r.leave(1000, true); many(r, 5000, true, 2) != 1 {
		t.Error("a stranger left, and not one entered")
	}
	r = newRoom()
	asked := 0
	for uid := range uint32(1000) {
		asked += many(r, uid, false, 10)
	}
	if asked != mostAtOnce || many(r, 5000, true, 1) != 0 || many(r, 5000, false, 1) != 0 {
		t.Errorf("%d in all", asked)
	}
	for uid := range uint32(mostAtOnce / mostOfOne) {
		for range mostOfOne {
			r.leave(uid, false)
		}
	}
	if len(r.places) != 0 || r.all != 0 || r.strangers != 0 || many(r, 5000, true, 1) != 1 {
		t.Errorf("all have left: %+v", r)
	}
}

// TestRoomInTurn: who comes and goes has so many turns, and so many a second after that.
// Strangers have theirs together, and take none from who is asked.
func TestRoomInTurn(t *testing.T) {
	r, now := newRoom(), time.Now()
	turns := func(uid func(int) uint32, stranger bool) (n int) {
		for i := range 1000 {
			if r.enter(uid(i), stranger, now) {
				r.leave(uid(i), stranger)
				n++
			}
		}
		return n
	}
	one := func(int) uint32 { return 1 }
	another := func(int) uint32 { return 2 }
	anybody := func(i int) uint32 { return uint32(1000 + i) }
	if got := turns(anybody, true); got != int(ofStrangers.burst) {
		t.Errorf("strangers have %d turns", got)
	}
	for _, uid := range []func(int) uint32{one, another} {
		if got := turns(uid, false); got != int(ofOne.burst) {
			t.Errorf("who is asked has %d turns", got)
		}
	}
	now = now.Add(2 * time.Second)
	if got := turns(anybody, true); got != int(2*ofStrangers.perSecond) {
		t.Errorf("two seconds later, strangers have %d", got)
	}
	if got := turns(one, false); got != int(2*ofOne.perSecond) {
		t.Errorf("two seconds later, who is asked has %d", got)
	}
	now = now.Add(time.Hour)
	if got := turns(one, false); got != int(ofOne.burst) {
		t.Errorf("an hour later, who is asked has %d", got)
	}
	if len(r.buckets) > 2 {
		t.Errorf("%d buckets, with strangers'", len(r.buckets))
	}
}

// TestBucket: so many go at once, then so many a second, and those that were saved up
// meanwhile are no more than these. A clock that goes back gives none.
func TestBucket(t *testing.T) {
	near := func(got, want time.Duration) bool { return (got - want).Abs() < time.Millisecond }
	now := time.Now()
	b := limit{burst: 10, perSecond: 5}.bucket()
	took := func(n int) (all time.Duration) {
		for range n {
			wait := b.wait(now)
			all, now = all+wait, now.Add(wait)
		}
		return all
	}
	if got := took(10); got != 0 {
		t.Errorf("the first took %v", got)
	}
	if got := took(50); !near(got, 10*time.Second) {
		t.Errorf("those of ten seconds took %v", got)
	}
	now = now.Add(time.Second)
	if got := took(10); !near(got, time.Second) {
		t.Errorf("after a second they took %v", got)
	}
	now = now.Add(time.Hour)
	if got := took(15); !near(got, time.Second) {
		t.Errorf("after an hour they took %v", got)
	}
	b = limit{burst: 2, perSecond: 1}.bucket()
	for i, c := range []struct {
		after time.Duration
		want  bool
	}{
		{0, true},
		{0, true},
		{0, false},
		{500 * time.Millisecond, false},
		{500 * time.Millisecond, true},
		{0, false},
		{-time.Hour, false},
		{time.Hour, true},
		{0, true},
		{0, false},
	} {
		if now = now.Add(c.after); b.take(now) != c.want {
			t.Errorf("take %d is %v", i, !c.want)
		}
	}
}

// TestGoesAway: who connects and goes away holds up nobody. What they have said counts,
// also if they do not read the reaction.
func TestGoesAway(t *testing.T) {
	dir, d := place(t), &desk{}
	s := listening(t, dir)
	for range 50 {
		_ = connect(t, dir+"/"+s.Code).Close()
	}
	serve(t, s, d)
	for range 50 {
		_ = connect(t, dir+"/"+s.Code).Close()
	}
	if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK}); err != nil {
		t.Error(err)
	}
	until(t, "a place for who says something and goes", func() bool {
		conn := connect(t, dir+"/"+s.Code)
		_, _ = conn.Write(encode(question{Want: Reply, Text: []byte("gone")}))
		_ = conn.Close()
		return slices.ContainsFunc(d.taken(), func(a Answer) bool { return a.Text == "gone" })
	})
}

// TestEnd: when the socket is closed, who is being heard still has a reaction, and who
// comes later has none.
func TestEnd(t *testing.T) {
	dir := place(t)
	s := listening(t, dir)
	d := &slowDesk{began: make(chan struct{}), goOn: make(chan struct{})}
	served, sent := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(served)
		s.Serve(d)
	}()
	go func() {
		_, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK})
		sent <- err
	}()
	await(t, d.began, "the answer")
	waiting := connect(t, dir+"/"+s.Code)
	if !s.Close() {
		t.Error("it is not removed")
	}
	if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK}); !errors.Is(err, ErrNobody) {
		t.Errorf("who comes later: %v", err)
	}
	select {
	case <-served:
		t.Error("Serve returned before who was heard had a reaction")
	default:
	}
	close(d.goOn)
	await(t, served, "the end of Serve")
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(ample):
		t.Error("no reaction comes")
	}
	if out, err := io.ReadAll(waiting); len(out) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("who has said nothing: %q, %v", out, err)
	}
	if s.Close() {
		t.Error("it is removed twice")
	}
}

// TestEndCutsOff: who is being heard and has said nothing when the socket is closed is not
// waited for.
func TestEndCutsOff(t *testing.T) {
	dir := place(t)
	for range 10 { // as the machine may be too busy to tell
		s := listening(t, dir)
		served := make(chan struct{})
		go func() {
			defer close(served)
			s.Serve(&desk{})
		}()
		begun := time.Now()
		silent := connect(t, dir+"/"+s.Code)
		if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK}); err != nil { // comes behind it
			t.Error(err)
		}
		s.Close()
		await(t, served, "the end of Serve")
		took := time.Since(begun)
		if out, err := io.ReadAll(silent); len(out) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) {
			t.Errorf("%q, %v", out, err)
		}
		if took < talkTime {
			return
		}
	}
	t.Errorf("Serve waits for who says nothing")
}

// slowDesk takes its time.
type slowDesk struct {
	desk
	began, goOn chan struct{}
}

func (d *slowDesk) Take(Answer) error {
	close(d.began)
	<-d.goOn
	return nil
}

// TestNobody: where nobody waits, that is the error, and not the system's.
func TestNobody(t *testing.T) {
	dir := place(t)
	if err := named(t, dir, "b2b").file.Close(); err != nil {
		t.Fatal(err)
	}
	standIn(t, dir, "c2c", func(int, []byte) string { return "" })
	for name, c := range map[string]struct{ dir, code string }{
		"no directory":           {dir + "/none", "a2a"},
		"no socket":              {dir, "a2a"},
		"dead":                   {dir, "b2b"},
		"ends before it answers": {dir, "c2c"},
	} {
		if m, err := Send(t.Context(), c.dir, c.code, Answer{Kind: OK}); !errors.Is(err, ErrNobody) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// standIn listens in the place of a message that waits. It has read the n-th question when
// it says something.
func standIn(t *testing.T, dir, code string, say func(n int, asked []byte) string) {
	t.Helper()
	s := named(t, dir, code)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 0; ; {
			fd, err := s.accept()
			if errors.Is(err, os.ErrClosed) {
				return
			}
			if err != nil {
				continue
			}
			n++
			conn := os.NewFile(uintptr(fd), code)
			_ = conn.SetDeadline(time.Now().Add(ample))
			asked, _ := readLine(conn, mostQuestion)
			_, _ = io.WriteString(conn, say(n, asked))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		s.Close()
		await(t, done, "the stand-in's end")
	})
}

// TestBusy: who is told that it is busy asks again, until there is room or the time is up.
func TestBusy(t *testing.T) {
	dir := place(t)
	const busy, taken = `{"event":"busy"}` + "\n", `{"event":"taken","from":"root@d13","at_ms":5,"text":"hi"}` + "\n"
	var mu sync.Mutex
	var asked []string
	standIn(t, dir, "a2a", func(n int, line []byte) string {
		mu.Lock()
		defer mu.Unlock()
		if asked = append(asked, string(line)); n < 4 {
			return busy
		}
		return taken
	})
	m, err := Send(t.Context(), dir, "a2a", Answer{Kind: Reply, Text: "x"})
	if want := (Message{Code: "a2a", From: "root@d13", At: time.UnixMilli(5), Text: "hi"}); err != nil || !reflect.DeepEqual(m, want) {
		t.Errorf("%+v, %v; want %+v", m, err, want)
	}
	mu.Lock()
	if want := slices.Repeat([]string{`{"want":"reply","text":"eA=="}`}, 4); !slices.Equal(asked, want) {
		t.Errorf("%q, want %q", asked, want)
	}
	mu.Unlock()
	standIn(t, dir, "b2b", func(int, []byte) string { return busy })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := Send(ctx, dir, "b2b", Answer{Kind: OK}); !errors.Is(err, ErrBusy) || ctx.Err() == nil {
		t.Errorf("always busy: %v", err)
	}
}

// TestOddReactions: what does not keep to the protocol is an error, and never a panic.
func TestOddReactions(t *testing.T) {
	dir := place(t)
	reaction := ""
	standIn(t, dir, "a2a", func(int, []byte) string { return reaction })
	for _, reaction = range []string{"what?\n", "[]\n", "{\n", `{"event":1}` + "\n", strings.Repeat("x", 2*mostReaction) + "\n"} {
		if m, err := Send(t.Context(), dir, "a2a", Answer{Kind: OK}); err == nil {
			t.Errorf("%.40q: %+v", reaction, m)
		}
	}
}

// TestSendEndsWithContext: who does not want to wait any longer does not, be it for who has
// accepted nobody yet or for a place in a full queue.
func TestSendEndsWithContext(t *testing.T) {
	dir := place(t)
	named(t, dir, "a2a")
	named(t, dir, "b2b")
	fill(t, dir+"/b2b")
	for _, code := range []string{"a2a", "b2b"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		begun := time.Now()
		_, err := Send(ctx, dir, code, Answer{Kind: OK})
		if took := time.Since(begun); err == nil || ctx.Err() == nil || took > answerTime/2 {
			t.Errorf("%s: %v, after %v", code, err, took)
		}
		cancel()
	}
}

// TestSignals: who waits for a place in the queue goes on waiting when a signal comes: the
// runtime has its own, a terminal that is made larger sends one.
func TestSignals(t *testing.T) {
	dir, d := place(t), &desk{}
	s := named(t, dir, "k7m")
	empty := fill(t, dir+"/k7m")
	sent := make(chan error, 1)
	go func() {
		_, err := Send(t.Context(), dir, "k7m", Answer{Kind: OK})
		sent <- err
	}()
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		for _, thread := range names(t, "/proc/self/task") {
			if tid, err := strconv.Atoi(thread); err == nil {
				_ = unix.Tgkill(os.Getpid(), tid, unix.SIGURG) // it may have ended
			}
		}
	}
	select {
	case err := <-sent:
		t.Errorf("before there is room: %v", err)
		return
	default:
	}
	empty()
	serve(t, s, d)
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(ample):
		t.Error("it waits for ever")
	}
}

// TestWaiting: those that ask who wants to know are listed, the newest first, and no
// others.
func TestWaiting(t *testing.T) {
	dir := place(t)
	if found, err := Waiting(t.Context(), dir, nil); len(found) > 0 || err != nil {
		t.Errorf("nothing waits: %+v, %v", found, err)
	}
	var want []string
	for i, code := range []string{"a2a", "b2b", "c2c", "d2d", "e2e"} {
		d := &desk{message: Message{At: time.UnixMilli(int64(1000 + i*7%5)), Text: code, From: "root@d13", Answered: i == 0}}
		if code == "d2d" {
			d.asks = map[uint32]bool{owner + 1: true}
		}
		serve(t, named(t, dir, code), d)
	}
	if err := errors.Join(named(t, dir, "f2f").file.Close(), os.WriteFile(dir+"/notes", nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	want = []string{"c2c", "e2e", "b2b", "a2a"} // of the milliseconds 4, 3, 2, 0
	found, err := Waiting(t.Context(), dir, nil)
	if err != nil {
		t.Error(err)
	}
	var got []string
	for _, m := range found {
		if got = append(got, m.Code); m.Text != m.Code || m.From != "root@d13" || m.Answered != (m.Code == "a2a") {
			t.Errorf("%+v", m)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q wait, want %q", got, want)
	}
}

// TestWaitingForSilent: where one does not say whose it is, that is told, in time, and the
// others are listed.
func TestWaitingForSilent(t *testing.T) {
	t.Parallel()
	dir := place(t)
	serve(t, named(t, dir, "a2a"), &desk{})
	named(t, dir, "b2b") // accepts nobody
	named(t, dir, "c2c")
	fill(t, dir+"/c2c")
	standIn(t, dir, "d2d", func(int, []byte) string { return `{"event":"busy"}` + "\n" })
	begun := time.Now()
	found, err := Waiting(t.Context(), dir, nil)
	took := time.Since(begun)
	if !errors.Is(err, ErrBusy) || len(found) != 1 || found[0].Code != "a2a" {
		t.Errorf("%+v, %v", found, err)
	}
	if took < oneTime || took > showTime+ample/2 {
		t.Errorf("it took %v", took)
	}
}

// TestManyWait: more than are asked at once are all listed.
func TestManyWait(t *testing.T) {
	dir := place(t)
	const many = atOnce + 50
	for i := range many {
		serve(t, named(t, dir, code([3]byte{byte(i % len(letters)), byte(i / len(letters) % len(digits)), byte(i / len(letters) / len(digits))})), &desk{})
	}
	found, err := Waiting(t.Context(), dir, nil)
	codes := map[string]bool{}
	for _, m := range found {
		codes[m.Code] = true
	}
	// Each has a second, which a busy machine may not have.
	if err != nil && !errors.Is(err, ErrBusy) || err == nil && len(found) != many || len(codes) != len(found) {
		t.Errorf("%d of %d, %v", len(found), many, err)
	}
}

// TestFor: root says for whom they answer, and nobody else does; who connects is the
// kernel's word.
func TestFor(t *testing.T) {
	rootOnly(t)
	dir, d := place(t), &desk{}
	s := listening(t, dir)
	serve(t, s, d)
	whom := uint32(1000)
	for _, uid := range []int{0, 65534, 12345} {
		as(t, uid, func() {
			if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK, For: &whom, UID: 7}); err != nil {
				t.Error(err)
			}
		})
		took := d.taken()
		got := took[len(took)-1]
		if got.UID != uint32(uid) || (got.For != nil) != (uid == 0) || got.For != nil && *got.For != whom {
			t.Errorf("uid %d: %+v", uid, got)
		}
	}
	if _, err := Waiting(t.Context(), dir, &whom); err != nil {
		t.Error(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if last := d.seen[len(d.seen)-1]; last.For == nil || *last.For != whom {
		t.Errorf("listed for %+v", last)
	}
}

// TestStrangersCrowd: however many connections those have open who are not asked, who is
// asked has a place, and so has root.
func TestStrangersCrowd(t *testing.T) {
	rootOnly(t)
	t.Parallel()
	const asked, stranger, crowd = 65534, 20000, 30
	dir, d := place(t), &desk{asks: map[uint32]bool{asked: true}}
	s := listening(t, dir)
	serve(t, s, d)
	for i := range crowd {
		as(t, stranger+i, func() {
			for range 4 {
				connect(t, dir+"/"+s.Code)
			}
		})
	}
	for _, uid := range []int{asked, 0} {
		as(t, uid, func() {
			if _, err := Send(t.Context(), dir, s.Code, Answer{Kind: OK}); err != nil {
				t.Errorf("uid %d: %v", uid, err)
			}
		})
	}
	if about := d.about(); !about[stranger] || !about[stranger+crowd-1] {
		t.Errorf("it was asked about %v", about)
	}
}

// TestShownText: of a long text a part is shown, and no letter is cut in two.
func TestShownText(t *testing.T) {
	for _, text := range []string{"", "short", strings.Repeat("x", mostShown), strings.Repeat("x", 10*mostShown), "x" + strings.Repeat("é", mostShown)} {
		r := shown(eventMessage, Message{Text: text})
		var back reaction
		if err := json.Unmarshal(encode(r), &back); err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(text, back.Text) || len(back.Text) < min(len(text), mostShown-utf8.UTFMax) || len(back.Text) > mostShown {
			t.Errorf("of %.20q… %q is shown", text, back.Text)
		}
	}
}

// FuzzAnswer holds that whatever comes has a reaction of one line that can be read, that
// only answers are taken, and that nobody but root answers for others.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"want":"show"}`), uint32(0), "root@d13", "Restart at five?", "", true)
	f.Add([]byte(`{"want":"ok","for":1000}`), uint32(0), "root@d13", "\xff\x00\u2028\n", "", true)
	f.Add([]byte(`{"want":"reply","text":"VGVuIG1pbnV0ZXM=","for":0}`), uint32(1000), "a<b>", strings.Repeat("<\xff", 10_000), "", false)
	f.Add([]byte(`{"want":"reply","text":"eA=="}`), uint32(1000), strings.Repeat("\xff", 600), strings.Repeat("\x01", 600), "not sent to you", true)
	f.Add([]byte(`{"want":"no","uid":0}`), uint32(1), "", "", "", true)
	f.Add([]byte(`null`), uint32(1), "", "", "", true)
	f.Fuzz(func(t *testing.T, line []byte, uid uint32, from, text, refuse string, asks bool) {
		const mostNames = 512 // who sends has no longer name
		d := &desk{message: Message{Code: "k7m", From: from[:min(len(from), mostNames)], At: time.UnixMilli(1), Text: text}, asks: map[uint32]bool{uid: asks}}
		if refuse != "" {
			d.refuse = errors.New(refuse[:min(len(refuse), mostNames)])
		}
		r := answer(line, Answer{UID: uid, PID: 1}, d)
		out := encode(r)
		var back reaction
		if err := json.Unmarshal(out, &back); err != nil || bytes.IndexByte(out, '\n') != len(out)-1 || len(out) > mostReaction {
			t.Errorf("%d bytes, %v: %q", len(out), err, out)
		}
		switch took := d.taken(); {
		case len(took) > 1, (len(took) == 1) != (r.Event == eventTaken):
			t.Errorf("%q: %+v, and %+v were taken", line, r, took)
		case len(took) == 1 && (took[0].Kind != OK && took[0].Kind != Reply || took[0].Kind == Reply && CheckReply(took[0].Text) != nil):
			t.Errorf("%q is taken as %+v", line, took[0])
		case r.Event == eventMessage && !asks:
			t.Errorf("%q: who is not asked is shown %+v", line, r)
		case r.Event != eventTaken && r.Event != eventMessage && r.Event != eventRefused:
			t.Errorf("%q: %+v", line, r)
		}
		for _, a := range append(d.seen, d.took...) {
			if a.UID != uid || a.PID != 1 || uid != 0 && a.For != nil {
				t.Errorf("%q is from %+v", line, a)
			}
		}
	})
}

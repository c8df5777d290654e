package ask

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"msg/internal/answers"
	"msg/internal/answers/answerstest"
	"msg/internal/message"

	"golang.org/x/sys/unix"
)

// TestNobody: where nobody waits, that is the error, and not the system's.
func TestNobody(t *testing.T) {
	dir := answerstest.Place(t)
	dead(t, dir, "b2b")
	standIn(t, dir, "c2c", func(int, []byte) string { return "" })
	for name, c := range map[string]struct{ dir, code string }{
		"no directory":           {dir + "/none", "a2a"},
		"no socket":              {dir, "a2a"},
		"dead":                   {dir, "b2b"},
		"ends before it answers": {dir, "c2c"},
	} {
		if m, err := Send(t.Context(), c.dir, c.code, answers.Answer{Kind: message.OK}); !errors.Is(err, answers.ErrNobody) {
			t.Errorf("%s: %+v, %v", name, m, err)
		}
	}
}

// dead leaves a socket that nobody listens at.
func dead(t *testing.T, dir, code string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err == nil {
		err = errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: dir + "/" + code}), unix.Close(fd))
	}
	if err != nil {
		t.Fatal(err)
	}
}

// standIn listens in the place of a message that waits. It has read the n-th question when
// it says something.
func standIn(t *testing.T, dir, code string, say func(n int, asked []byte) string) {
	t.Helper()
	listener, err := net.Listen("unix", dir+"/"+code)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for n := 1; ; n++ {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_ = conn.SetDeadline(time.Now().Add(answerstest.Ample))
			asked, _ := answers.ReadLine(conn, answers.MostQuestion)
			_, _ = io.WriteString(conn, say(n, asked))
			_ = conn.Close()
		}
	}()
	t.Cleanup(func() {
		_ = listener.Close()
		answerstest.Await(t, done, "the stand-in's end")
	})
}

// TestBusy: who is told that it is busy asks again, until there is room or the time is up.
func TestBusy(t *testing.T) {
	dir := answerstest.Place(t)
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
	m, err := Send(t.Context(), dir, "a2a", answers.Answer{Kind: message.Reply, Text: "x"})
	if want := (answers.Message{Code: "a2a", From: "root@d13", At: time.UnixMilli(5), Text: "hi"}); err != nil || !reflect.DeepEqual(m, want) {
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
	if _, err := Send(ctx, dir, "b2b", answers.Answer{Kind: message.OK}); !errors.Is(err, ErrBusy) || ctx.Err() == nil {
		t.Errorf("always busy: %v", err)
	}
}

// TestOddReactions: what does not keep to the protocol is an error, and never a panic.
func TestOddReactions(t *testing.T) {
	dir := answerstest.Place(t)
	reaction := ""
	standIn(t, dir, "a2a", func(int, []byte) string { return reaction })
	for _, reaction = range []string{"what?\n", "[]\n", "{\n", `{"event":1}` + "\n", strings.Repeat("x", 2*answers.MostReaction) + "\n"} {
		if m, err := Send(t.Context(), dir, "a2a", answers.Answer{Kind: message.OK}); err == nil {
			t.Errorf("%.40q: %+v", reaction, m)
		}
	}
}

// TestSendEndsWithContext: who does not want to wait any longer does not, be it for who has
// accepted nobody yet or for a place in a full queue.
func TestSendEndsWithContext(t *testing.T) {
	dir := answerstest.Place(t)
	named(t, dir, "a2a")
	named(t, dir, "b2b")
	answerstest.Fill(t, dir+"/b2b")
	for _, code := range []string{"a2a", "b2b"} {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(50*time.Millisecond, cancel)
		begun := time.Now()
		_, err := Send(ctx, dir, code, answers.Answer{Kind: message.OK})
		if took := time.Since(begun); err == nil || ctx.Err() == nil || took > answerTime/2 {
			t.Errorf("%s: %v, after %v", code, err, took)
		}
		cancel()
	}
}

// TestSignals: who waits for a place in the queue goes on waiting when a signal comes: the
// runtime has its own, a terminal that is made larger sends one.
func TestSignals(t *testing.T) {
	dir, d := answerstest.Place(t), &desk{}
	s := named(t, dir, "k7m")
	empty := answerstest.Fill(t, dir+"/k7m")
	sent := make(chan error, 1)
	go func() {
		_, err := Send(t.Context(), dir, "k7m", answers.Answer{Kind: message.OK})
		sent <- err
	}()
	for deadline := time.Now().Add(300 * time.Millisecond); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		threads, _ := os.ReadDir("/proc/self/task")
		for _, thread := range threads {
			if tid, err := strconv.Atoi(thread.Name()); err == nil {
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
	case <-time.After(answerstest.Ample):
		t.Error("it waits for ever")
	}
}

// TestWaiting: those that ask who wants to know are listed, the newest first, and no
// others.
func TestWaiting(t *testing.T) {
	dir := answerstest.Place(t)
	if found, err := Waiting(t.Context(), dir, nil); len(found) > 0 || err != nil {
		t.Errorf("nothing waits: %+v, %v", found, err)
	}
	var want []string
	for i, code := range []string{"a2a", "b2b", "c2c", "d2d", "e2e"} {
		d := &desk{message: answers.Message{At: time.UnixMilli(int64(1000 + i*7%5)), Text: code, From: "root@d13", Answered: i == 0}}
		if code == "d2d" {
			d.asks = map[uint32]bool{owner + 1: true}
		}
		serve(t, named(t, dir, code), d)
	}
	dead(t, dir, "f2f")
	if err := os.WriteFile(dir+"/notes", nil, 0o600); err != nil {
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
	dir := answerstest.Place(t)
	serve(t, named(t, dir, "a2a"), &desk{})
	named(t, dir, "b2b") // accepts nobody
	named(t, dir, "c2c")
	answerstest.Fill(t, dir+"/c2c")
	standIn(t, dir, "d2d", func(int, []byte) string { return `{"event":"busy"}` + "\n" })
	begun := time.Now()
	found, err := Waiting(t.Context(), dir, nil)
	took := time.Since(begun)
	if !errors.Is(err, ErrBusy) || len(found) != 1 || found[0].Code != "a2a" {
		t.Errorf("%+v, %v", found, err)
	}
	if took < oneTime || took > showTime+answerstest.Ample/2 {
		t.Errorf("it took %v", took)
	}
}

// TestManyWait: more than are asked at once are all listed.
func TestManyWait(t *testing.T) {
	dir := answerstest.Place(t)
	const many = atOnce + 50
	for i := range many {
		serve(t, named(t, dir, fmt.Sprintf("%c%d%c", 'p'+i%11, 2+i/11%8, 'p'+i/88)), &desk{})
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
	answerstest.RootOnly(t)
	dir, d := answerstest.Place(t), &desk{}
	s := named(t, dir, "k7m")
	serve(t, s, d)
	whom := uint32(1000)
	for _, uid := range []int{0, 65534, 12345} {
		as(t, uid, func() {
			if _, err := Send(t.Context(), dir, s.Code, answers.Answer{Kind: message.OK, For: &whom, UID: 7}); err != nil {
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

// FuzzReaction holds that whatever listens in the place of a message that waits, who answers
// has it for taken only where that is what it says, in one line that is not too long.
func FuzzReaction(f *testing.F) {
	f.Add([]byte(`{"event":"taken","from":"root@d13","at_ms":1764100000000,"text":"Restart?"}`+"\n"), false)
	f.Add([]byte(`{"event":"message","answered":true}`+"\n{"), true)
	f.Add([]byte(`{"event":"refused","problem":"\u009b"}`+"\n"), false)
	f.Add([]byte(`{"event":"busy"}`+"\n"), true)
	f.Add([]byte(`{"event":"later","text":1}`+"\n"), false)
	f.Add([]byte(`{"event":"message"}`), true)
	f.Add(bytes.Repeat([]byte(" "), answers.MostReaction+1), false)
	dir := f.TempDir()
	listener, err := net.Listen("unix", dir+"/k7m")
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = listener.Close() })
	says := make(chan []byte)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = answers.ReadLine(conn, answers.MostQuestion)
			_, _ = conn.Write(<-says) // or nobody reads it
			_ = conn.Close()
		}
	}()
	f.Fuzz(func(t *testing.T, said []byte, read bool) {
		ctx, cancel := context.WithTimeout(t.Context(), answerTime)
		defer cancel()
		go func() { says <- said }()
		q := answers.Question{Want: message.OK}
		if read {
			q.Want = answers.Show
		}
		m, err := askOnce(ctx, dir, "k7m", q)
		line, _, whole := bytes.Cut(said, []byte{'\n'})
		var r answers.Reaction
		ok := whole && len(line) < answers.MostReaction && json.Unmarshal(line, &r) == nil
		var refused *Refused
		switch {
		case err == nil:
			if want := map[bool]string{true: answers.EventMessage, false: answers.EventTaken}[read]; !ok || r.Event != want || m.Code != "k7m" || m.From != r.From || m.Text != r.Text {
				t.Errorf("%q is %+v", said, m)
			}
		case errors.As(err, &refused):
			if !ok || r.Event != answers.EventRefused || refused.Problem != r.Problem {
				t.Errorf("%q is refused: %v", said, err)
			}
		case errors.Is(err, ErrSilent):
			t.Errorf("%q is silence", said)
		case errors.Is(err, ErrBusy) && r.Event != answers.EventBusy, errors.Is(err, answers.ErrNobody) && whole && len(line) < answers.MostReaction:
			t.Errorf("%q: %v", said, err)
		}
	})
}

package ask

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/answers"
	"msg/internal/answers/answerstest"
	"msg/internal/message"
)

func init() { owner = uint32(os.Getuid()) }

// desk takes answers of those who are asked, and keeps what came.
type desk struct {
	asks    map[uint32]bool // nil: everybody
	message answers.Message
	refuse  error

	mu   sync.Mutex
	seen []answers.Answer // whom Asks or answers.Message was about
	took []answers.Answer
}

func (d *desk) Asks(a answers.Answer) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, a)
	return d.asks == nil || d.asks[a.UID]
}

func (d *desk) Message(a answers.Answer) answers.Message {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.seen = append(d.seen, a)
	return d.message
}

func (d *desk) Take(a answers.Answer) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.refuse != nil {
		return d.refuse
	}
	d.took = append(d.took, a)
	d.message.Answered = true
	return nil
}

func (d *desk) taken() []answers.Answer {
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

// named listens under that name.
func named(t testing.TB, dir, name string) *answers.Socket {
	t.Helper()
	s, err := answers.ListenAt(dir, name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// serve serves a socket until the test ends, and holds that Serve then returns.
func serve(t testing.TB, s *answers.Socket, d answers.Desk) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.Serve(d)
	}()
	t.Cleanup(func() {
		s.Close()
		answerstest.Await(t, done, "the end of Serve")
	})
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
	answerstest.Await(t, done, fmt.Sprint("what uid ", uid, " does"))
}

// TestAnswer: an answer arrives as it was given, whatever bytes it has, with who gives it
// by the kernel's word; who answers sees what they have answered.
func TestAnswer(t *testing.T) {
	dir := answerstest.Place(t)
	d := &desk{message: answers.Message{From: "root@d13", At: time.UnixMilli(1764100000123), Text: "Restart\nat five?"}}
	s := named(t, dir, "k7m")
	serve(t, s, d)
	whom := uint32(1000)
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	sent := []answers.Answer{
		{Kind: message.OK},
		{Kind: message.Reply, Text: "Ten minutes."},
		{Kind: message.Reply, Text: " in lines\nof their own\n\xff\x00"},
		{Kind: message.Reply, Text: string(all)},
		{Kind: message.Reply, Text: strings.Repeat("x", answers.MaxText)},
		{Kind: message.Reply, Text: strings.Repeat("\xff", answers.MaxText), For: &whom},
		{Kind: message.Reply, Text: strings.Repeat("x\n", answers.MaxLines-1) + "x"},
		{Kind: message.OK, Text: "not passed on"},
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
		if a.Kind == message.OK {
			a.Text = ""
		}
		if !reflect.DeepEqual(got[i], a) {
			t.Errorf("%+v came, want %+v", got[i], a)
		}
	}
}

// TestRefusedByTheDesk: what is not taken is refused in the desk's words.
func TestRefusedByTheDesk(t *testing.T) {
	dir, d := answerstest.Place(t), &desk{refuse: errors.New("that message was not sent to you")}
	s := named(t, dir, "k7m")
	serve(t, s, d)
	var refused *Refused
	if _, err := Send(t.Context(), dir, s.Code, answers.Answer{Kind: message.OK}); !errors.As(err, &refused) || refused.Error() != d.refuse.Error() {
		t.Errorf("%v, want %v", err, d.refuse)
	}
}

// TestRefusedReplies: a reply that is none is refused here and at the other end, too.
func TestRefusedReplies(t *testing.T) {
	dir, d := answerstest.Place(t), &desk{}
	s := named(t, dir, "k7m")
	serve(t, s, d)
	for text, want := range map[string]string{
		"":                                     "the reply is empty",
		" \n\t\n ":                             "the reply is empty",
		strings.Repeat("x", answers.MaxText+1): "the reply is longer than 4 KiB",
		strings.Repeat("\xff", answers.MaxText+100):  "the reply is longer than 4 KiB",
		strings.Repeat("x\n", answers.MaxLines):      "the reply has more than 50 lines",
		strings.Repeat("\n", answers.MaxLines) + "x": "the reply has more than 50 lines",
	} {
		if err := answers.CheckReply(text); err == nil || err.Error() != want {
			t.Errorf("%.20q: %v, want %q", text, err, want)
		}
		var refused *Refused
		if _, err := Send(t.Context(), dir, s.Code, answers.Answer{Kind: message.Reply, Text: text}); !errors.As(err, &refused) || refused.Problem != want {
			t.Errorf("%.20q was sent: %v, want %q", text, err, want)
		}
	}
	if got := d.taken(); len(got) > 0 {
		t.Errorf("%+v were taken", got)
	}
}

// TestEnd: when the socket is closed, who is being heard still has a reaction, and who
// comes later has none.
func TestEnd(t *testing.T) {
	dir := answerstest.Place(t)
	s := named(t, dir, "k7m")
	d := &slowDesk{began: make(chan struct{}), goOn: make(chan struct{})}
	served, sent := make(chan struct{}), make(chan error, 1)
	go func() {
		defer close(served)
		s.Serve(d)
	}()
	go func() {
		_, err := Send(t.Context(), dir, s.Code, answers.Answer{Kind: message.OK})
		sent <- err
	}()
	answerstest.Await(t, d.began, "the answer")
	waiting := answerstest.Connect(t, dir+"/"+s.Code)
	s.Close()
	if _, err := Send(t.Context(), dir, s.Code, answers.Answer{Kind: message.OK}); !errors.Is(err, answers.ErrNobody) {
		t.Errorf("who comes later: %v", err)
	}
	select {
	case <-served:
		t.Error("Serve returned before who was heard had a reaction")
	default:
	}
	close(d.goOn)
	answerstest.Await(t, served, "the end of Serve")
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(answerstest.Ample):
		t.Error("no reaction comes")
	}
	if out, err := io.ReadAll(waiting); len(out) > 0 || err != nil && !errors.Is(err, unix.ECONNRESET) {
		t.Errorf("who has said nothing: %q, %v", out, err)
	}
	s.Close() // once more is no harm
}

// TestStrangersCrowd: however many connections those have open who are not asked, who is
// asked has a place, and so has root.
func TestStrangersCrowd(t *testing.T) {
	answerstest.RootOnly(t)
	t.Parallel()
	const asked, stranger, crowd = 65534, 20000, 30
	dir, d := answerstest.Place(t), &desk{asks: map[uint32]bool{asked: true}}
	s := named(t, dir, "k7m")
	serve(t, s, d)
	for i := range crowd {
		as(t, stranger+i, func() {
			for range 4 {
				answerstest.Connect(t, dir+"/"+s.Code)
			}
		})
	}
	for _, uid := range []int{asked, 0} {
		as(t, uid, func() {
			if _, err := Send(t.Context(), dir, s.Code, answers.Answer{Kind: message.OK}); err != nil {
				t.Errorf("uid %d: %v", uid, err)
			}
		})
	}
	if about := d.about(); !about[stranger] || !about[stranger+crowd-1] {
		t.Errorf("it was asked about %v", about)
	}
}

// slowDesk takes its time.
type slowDesk struct {
	desk
	began, goOn chan struct{}
}

func (d *slowDesk) Take(answers.Answer) error {
	close(d.began)
	<-d.goOn
	return nil
}

package delivery_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/answers"
	"msg/internal/answers/ask"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/tty/ttytest"
)

// ample is how long what must come may take on a busy machine.
const ample = 20 * time.Second

// waitingEngine can have messages wait, in a directory of its own. When the test ends,
// nothing may be left there.
func waitingEngine(t *testing.T) *delivery.Engine {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("messages wait only in a directory of root's, which nobody else can make; as root, this test runs")
	}
	dir, err := os.MkdirTemp("", "a")
	if err == nil {
		err = os.Chmod(dir, os.ModeSticky|0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%v are left, %v", left, err)
		}
		_ = os.RemoveAll(dir)
	})
	e := engine()
	e.Host.Pending = dir
	return e
}

// owned gives a terminal to another user.
func owned(t *testing.T, uid int) *ttytest.Terminal {
	t.Helper()
	term := person(t)
	if err := term.Slave.Chown(uid, -1); err != nil {
		t.Fatal(err)
	}
	return term
}

// stay is a message that is on its way, and stays.
type stay struct {
	interrupt context.CancelFunc
	done      chan struct{}

	mu      sync.Mutex
	results []message.Result
	err     error
}

// begin sends a message that stays. It comes to its end with the test, if not before.
func begin(t *testing.T, e *delivery.Engine, r message.Request) *stay {
	t.Helper()
	return beginTyped(t, e, r, nil)
}

// beginTyped sends a message that lines follow.
func beginTyped(t *testing.T, e *delivery.Engine, r message.Request, lines *message.Lines) *stay {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &stay{interrupt: cancel, done: make(chan struct{})}
	go func() {
		defer close(s.done)
		err := e.Send(ctx, r, lines, func(r message.Result) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.results = append(s.results, r)
		})
		s.mu.Lock()
		defer s.mu.Unlock()
		s.err = err
	}()
	t.Cleanup(func() {
		cancel()
		await(t, s.done, "the end of a message")
	})
	return s
}

func await(t *testing.T, done <-chan struct{}, what string) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(ample):
		t.Fatalf("%s does not come", what)
	}
}

// until waits until something is so.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	for deadline := time.Now().Add(ample); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s does not come", what)
		}
	}
}

func (s *stay) now() []message.Result {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.results)
}

// result waits for a result with that event, and returns the first.
func (s *stay) result(t *testing.T, event message.Event) (found message.Result) {
	t.Helper()
	until(t, string(event), func() bool {
		for _, r := range s.now() {
			if r.Event == event {
				found = r
				return true
			}
		}
		select {
		case <-s.done:
			t.Fatalf("it has ended without being %s: %+v, %v", event, s.now(), s.err)
		default:
		}
		return false
	})
	return found
}

// end waits until the message has come to its end, and returns all results.
func (s *stay) end(t *testing.T) []message.Result {
	t.Helper()
	await(t, s.done, "the end of the message")
	if s.err != nil {
		t.Fatal(s.err)
	}
	return s.now()
}

func events(results []message.Result) (all []message.Event) {
	for _, r := range results {
		all = append(all, r.Event)
	}
	return all
}

func checkEvents(t *testing.T, results []message.Result, want ...message.Event) {
	t.Helper()
	if !slices.Equal(events(results), want) {
		t.Errorf("got %+v, want %v", results, want)
	}
}

// code is what a message is answered by that is the only one to wait, once it is open.
func (s *stay) code(t *testing.T, e *delivery.Engine) string {
	t.Helper()
	s.result(t, message.Open)
	found, err := os.ReadDir(e.Host.Pending)
	if err != nil || len(found) != 1 {
		t.Fatalf("%v, %v wait", err, found)
	}
	return found[0].Name()
}

// codeOn is the code that a terminal shows.
func codeOn(t *testing.T, term *ttytest.Terminal) string {
	t.Helper()
	row := regexp.MustCompile(`\nAnswer: msg ok (\w+)   or   msg reply (\w+) TEXT *\r+\n`)
	seen := term.Await(t, " TEXT ")
	found := row.FindStringSubmatch(seen)
	if found == nil || found[1] != found[2] || !answers.IsCode(found[1]) {
		t.Fatalf("%s shows %q", term.Name, seen)
	}
	return found[1]
}

// answer answers, and says what is wrong with that.
func answer(t *testing.T, e *delivery.Engine, code string, a answers.Answer) (answers.Message, error) {
	t.Helper()
	return ask.Send(t.Context(), e.Host.Pending, code, a)
}

// answerAs has another user answer, in a thread that is theirs.
func answerAs(t *testing.T, uid int, e *delivery.Engine, code string, a answers.Answer) (m answers.Message, err error) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		runtime.LockOSThread() // the thread ends with the goroutine
		const same = ^uintptr(0)
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, same, uintptr(uid), same); errno != 0 {
			err = errno
			return
		}
		m, err = answer(t, e, code, a)
	}()
	await(t, done, "an answer's end")
	return m, err
}

func checkAnswerRefused(t *testing.T, err error, want string) {
	t.Helper()
	var refused *ask.Refused
	if !errors.As(err, &refused) || refused.Problem != want {
		t.Errorf("%v, want %q", err, want)
	}
}

// waits is a request whose answers are awaited, for ever if time is 0.
func waits(t *testing.T, list, text string, time time.Duration) message.Request {
	t.Helper()
	r := request(t, list, text)
	r.Wait, r.AnswerTime = true, time
	return r
}

// nobody is a user that has no account: other packages' tests, which run meanwhile, send to who is
// called nobody.
const nobody = 61234

// TestWaitAnswered: a message says on the terminal how to answer it, is there until it is
// answered, and tells so.
func TestWaitAnswered(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	me := ttytest.Me(t)
	s := begin(t, e, waits(t, term.Name, "Restart at five?", 0))
	open := s.result(t, message.Open)
	code := codeOn(t, term)
	if want := (message.Result{Event: message.Open, Host: "here"}); open != want {
		t.Errorf("%+v, want %+v", open, want)
	}
	if rows := regexp.MustCompile(`\n\| Restart at five\? *\r+\nAnswer: `); !rows.MatchString(term.Seen()) {
		t.Errorf("got %q", term.Seen())
	}
	found, err := ask.Waiting(t.Context(), e.Host.Pending, nil)
	if err != nil || len(found) != 1 || found[0].Code != code || found[0].Answered || found[0].Text != "Restart at five?" ||
		!strings.HasPrefix(found[0].From, me+"@here") {
		t.Errorf("what waits is %+v, %v", found, err)
	}
	m, err := answer(t, e, code, answers.Answer{Kind: message.OK})
	if err != nil || !m.Answered || m.Text != "Restart at five?" || !strings.HasPrefix(m.From, me+"@here") || time.Since(m.At) > time.Hour {
		t.Errorf("who answers sees %+v, %v", m, err)
	}
	results := s.end(t)
	checkEvents(t, results, message.Delivered, message.Open, message.Answered)
	last := results[len(results)-1]
	if last.Host != "here" || last.User != me || last.Answer != message.OK || last.Text != "" || last.AfterMS <= 0 {
		t.Errorf("%+v", last)
	}
	if _, err := answer(t, e, code, answers.Answer{Kind: message.OK}); !errors.Is(err, answers.ErrNobody) {
		t.Errorf("once more: %v", err)
	}
}

// TestUnanswered: who has not answered in time is told of, and not before.
func TestUnanswered(t *testing.T) {
	e, term, theirs := waitingEngine(t), person(t), owned(t, nobody)
	const long = 300 * time.Millisecond
	begun := time.Now()
	results := begin(t, e, waits(t, term.Name+","+theirs.Name, "hello", long)).end(t)
	if took := time.Since(begun); took < long || took > ample {
		t.Errorf("it took %v", took)
	}
	checkEvents(t, results, message.Delivered, message.Delivered, message.Open, message.Unanswered, message.Unanswered)
	last := results[len(results)-2:]
	for i, name := range []string{ttytest.Me(t), "61234"} {
		if want := (message.Result{Event: message.Unanswered, Host: "here", User: name}); last[i] != want {
			t.Errorf("%+v, want %+v", last[i], want)
		}
	}
}

// TestWaitInterrupted: when nobody wants to wait any longer, that is the end at once.
func TestWaitInterrupted(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	s := begin(t, e, waits(t, term.Name, "hello", time.Hour))
	code := s.code(t, e)
	begun := time.Now()
	s.interrupt()
	checkEvents(t, s.end(t), message.Delivered, message.Open, message.Unanswered)
	if took := time.Since(begun); took > ample/2 {
		t.Errorf("it took %v", took)
	}
	if _, err := answer(t, e, code, answers.Answer{Kind: message.OK}); !errors.Is(err, answers.ErrNobody) {
		t.Errorf("too late: %v", err)
	}
}

// TestNothingToWaitFor: a message that nobody has does not wait.
func TestNothingToWaitFor(t *testing.T) {
	e, term, gone := waitingEngine(t), person(t), person(t)
	if err := term.Slave.Chmod(0o600); err != nil {
		t.Fatal(err)
	}
	gone.Hold(t)
	for list, want := range map[string][]message.Event{
		term.Name:                   {message.Failed, message.Open},
		term.Name + "," + gone.Name: {message.Failed, message.Failed, message.Open},
		"no-such-user":              {message.Failed},
	} {
		r := waits(t, list, "hello", 0)
		r.Polite, r.Time = true, 100*time.Millisecond
		checkEvents(t, begin(t, e, r).end(t), want...)
	}
	dry := waits(t, gone.Name, "hello", 0)
	dry.DryRun = true
	checkEvents(t, begin(t, e, dry).end(t), message.Planned)
}

// TestReplyAsItCame: the bytes of a reply are passed on, whatever they are.
func TestReplyAsItCame(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	for _, text := range []string{"Ten minutes.", "two\nlines", "Grüße\x1b[2J\x9b\x00\xff\r\n", strings.Repeat("\xff", answers.MaxText)} {
		s := begin(t, e, waits(t, term.Name, "hello", 0))
		if _, err := answer(t, e, s.code(t, e), answers.Answer{Kind: message.Reply, Text: text}); err != nil {
			t.Fatal(err)
		}
		results := s.end(t)
		if last := results[len(results)-1]; last.Event != message.Answered || last.Answer != message.Reply || last.Text != text {
			t.Errorf("%+v, want the text %q", last, text)
		}
	}
}

// TestAnswersOfOne: the first counts, a second ok is none, and some more replies are passed
// on. The message stays until the others have answered, too.
func TestAnswersOfOne(t *testing.T) {
	e, term, theirs := waitingEngine(t), person(t), owned(t, nobody)
	s := begin(t, e, waits(t, term.Name+","+theirs.Name, "hello", 0))
	code := s.code(t, e)
	if _, err := answer(t, e, code, answers.Answer{Kind: message.OK}); err != nil {
		t.Error(err)
	}
	_, err := answer(t, e, code, answers.Answer{Kind: message.OK})
	checkAnswerRefused(t, err, "you have answered that message already")
	const most = 10
	for i := range most - 1 {
		if _, err := answer(t, e, code, answers.Answer{Kind: message.Reply, Text: fmt.Sprint(i)}); err != nil {
			t.Error(err)
		}
	}
	_, err = answer(t, e, code, answers.Answer{Kind: message.Reply, Text: "one too many"})
	checkAnswerRefused(t, err, "you have answered that message often enough")
	if m, err := answerAs(t, nobody, e, code, answers.Answer{Kind: message.Reply, Text: "the other"}); err != nil || m.Code != code {
		t.Errorf("%+v, %v", m, err)
	}
	results := s.end(t)
	want := slices.Repeat([]message.Event{message.Answered}, most+1)
	checkEvents(t, results, append([]message.Event{message.Delivered, message.Delivered, message.Open}, want...)...)
	for i, r := range results[3:] {
		name, text := ttytest.Me(t), ""
		switch {
		case i == most:
			name, text = "61234", "the other"
		case i > 0:
			text = fmt.Sprint(i - 1)
		}
		if r.User != name || r.Text != text {
			t.Errorf("answer %d is %+v, want %q of %s", i, r, text, name)
		}
	}
}

// TestAnsweredMeanwhile: an answer is reported while another terminal is held; then the
// message, once it is through, has nothing to wait for.
func TestAnsweredMeanwhile(t *testing.T) {
	e, term, held := waitingEngine(t), person(t), person(t)
	held.Hold(t)
	r := waits(t, term.Name+","+held.Name, "hello", 0)
	r.Time = time.Minute
	s := begin(t, e, r)
	if _, err := answer(t, e, codeOn(t, term), answers.Answer{Kind: message.OK}); err != nil {
		t.Error(err)
	}
	s.result(t, message.Answered)
	s.result(t, message.Waiting)
	if all := s.now(); slices.Contains(events(all), message.Open) {
		t.Errorf("it is open with a terminal held: %+v", all)
	}
	held.Release(t)
	results := s.end(t)
	got := events(results)
	count := map[message.Event]int{}
	for _, event := range got {
		count[event]++
	}
	if count[message.Delivered] != 2 || count[message.Open] != 1 || count[message.Answered] != 1 || got[len(got)-1] != message.Open {
		t.Errorf("%+v", results)
	}
}

// TestOpenComesOnce: behind the results of all terminals, whatever became of them.
func TestOpenComesOnce(t *testing.T) {
	e := waitingEngine(t)
	var names []string
	for i := range 12 {
		term := person(t)
		names = append(names, term.Name)
		if i%4 == 1 {
			if err := term.Slave.Chmod(0o600); err != nil {
				t.Fatal(err)
			}
		}
		if i%4 == 2 {
			term.Hold(t)
		}
	}
	r := waits(t, strings.Join(names, ",")+",no-such-user", "hello", 10*time.Millisecond)
	r.Polite, r.Time = true, 50*time.Millisecond
	got := events(begin(t, e, r).end(t))
	if n := slices.Index(got, message.Open); n != len(names)+1 || len(got) != n+2 || got[n+1] != message.Unanswered ||
		slices.Contains(got[:n], message.Unanswered) {
		t.Errorf("%v", got)
	}
}

// logged keeps what is logged.
type logged struct {
	mu      sync.Mutex
	records []delivery.Logged
}

func (l *logged) add(r delivery.Logged) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.records = append(l.records, r)
	return nil
}

func (l *logged) answers() (all []delivery.AnswerRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if a, ok := r.(delivery.AnswerRecord); ok {
			all = append(all, a)
		}
	}
	return all
}

func (l *logged) lines() (all []delivery.LineRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, r := range l.records {
		if line, ok := r.(delivery.LineRecord); ok {
			all = append(all, line)
		}
	}
	return all
}

// TestNotAsked: who is not asked is refused, and logged once; root answers for those
// whom they say, nobody else does; each answer is logged.
func TestNotAsked(t *testing.T) {
	e, theirs := waitingEngine(t), owned(t, nobody)
	var log logged
	e.Rules.Log = log.add
	s := begin(t, e, waits(t, theirs.Name, "hello", 0))
	code := s.code(t, e)
	const refused = "that message was not sent to you"
	for_ := func(uid uint32) answers.Answer {
		return answers.Answer{Kind: message.Reply, Text: "Ten\x1b[2J\xff", For: &uid}
	}
	for range 2 {
		_, err := answerAs(t, 12345, e, code, for_(nobody))
		checkAnswerRefused(t, err, refused)
		_, err = answer(t, e, code, answers.Answer{Kind: message.OK})
		checkAnswerRefused(t, err, refused)
		_, err = answer(t, e, code, for_(12345))
		checkAnswerRefused(t, err, refused)
	}
	if found, err := ask.Waiting(t.Context(), e.Host.Pending, nil); len(found) > 0 || err != nil {
		t.Errorf("what waits for root is %+v, %v", found, err)
	}
	whom := uint32(nobody)
	if found, err := ask.Waiting(t.Context(), e.Host.Pending, &whom); len(found) != 1 || err != nil {
		t.Errorf("what waits for root, as nobody, is %+v, %v", found, err)
	}
	if _, err := answer(t, e, code, for_(nobody)); err != nil {
		t.Error(err)
	}
	results := s.end(t)
	checkEvents(t, results, message.Delivered, message.Open, message.Answered)
	if last := results[2]; last.User != "61234" || last.Answer != message.Reply {
		t.Errorf("%+v", last)
	}
	records := log.answers()
	if len(records) != 3 {
		t.Fatalf("logged: %+v", records)
	}
	sender := records[0].Sender.String()
	for i, want := range []string{
		"uid 12345 to " + sender + ", " + code + ": reply, refused, " + refused,
		"uid 0 to " + sender + ", " + code + ": ok, refused, " + refused,
		"61234 to " + sender + ", " + code + ": reply",
	} {
		entry := records[i].Entry(true)
		if entry.Message != want {
			t.Errorf("%q, want %q", entry.Message, want)
		}
		fields := map[string]string{}
		for _, f := range entry.Fields {
			fields[f.Name] = f.Value
		}
		text, problem := "Ten^[[2J\\xff", refused
		if i == 1 {
			text = ""
		}
		if i == 2 {
			problem = ""
		}
		if fields["MSG_UID"] != []string{"12345", "0", fmt.Sprint(nobody)}[i] || fields["MSG_CODE"] != code || fields["MSG_ANSWERS"] != sender ||
			fields["MSG_ANSWER"] != string(records[i].Kind) || fields["MSG_TEXT"] != text || fields["MSG_REFUSED"] != problem {
			t.Errorf("%+v", fields)
		}
		for _, f := range records[i].Entry(false).Fields {
			if f.Name == "MSG_TEXT" {
				t.Error("the text is logged unasked")
			}
		}
	}
}

// TestAnswerNotLogged: an answer that can't be logged is refused, and is not told.
func TestAnswerNotLogged(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	failures := 1
	e.Rules.Log = func(l delivery.Logged) error {
		if _, isAnswer := l.(delivery.AnswerRecord); isAnswer && failures > 0 {
			failures--
			return errors.New("no room")
		}
		return nil
	}
	s := begin(t, e, waits(t, term.Name, "hello", 0))
	code := s.code(t, e)
	_, err := answer(t, e, code, answers.Answer{Kind: message.Reply, Text: "unseen"})
	checkAnswerRefused(t, err, "your answer can't be logged, so it is not told: no room")
	if _, err := answer(t, e, code, answers.Answer{Kind: message.Reply, Text: "seen"}); err != nil {
		t.Error(err)
	}
	results := s.end(t)
	checkEvents(t, results, message.Delivered, message.Open, message.Answered)
	if last := results[2]; last.Text != "seen" {
		t.Errorf("%+v", last)
	}
}

// TestNowhereToWait: where a message cannot wait, it is not sent.
func TestNowhereToWait(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	unsafe := e.Host.Pending + "/unsafe"
	if err := errors.Join(os.Mkdir(unsafe, 0o777), os.Chmod(unsafe, os.ModeSticky|0o777)); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(unsafe)
	for _, dir := range []string{e.Host.Pending + "/none", unsafe} {
		elsewhere := *e
		elsewhere.Host.Pending = dir
		var log logged
		elsewhere.Rules.Log = log.add
		checkRefused(t, &elsewhere, waits(t, term.Name, "unanswerable", 0), "nowhere to wait for answers")
		if len(log.records) != 1 || log.records[0].(delivery.Record).Err == nil {
			t.Errorf("logged: %+v", log.records)
		}
	}
	if slices.Contains(shown(t, term), "unanswerable") {
		t.Errorf("it is shown: %q", term.Seen())
	}
	r := waits(t, term.Name, "hello", -1)
	checkRefused(t, e, r, "a time to wait")
}

// TestWaitLeavesNoDescriptors: nor does a message that was answered.
func TestWaitLeavesNoDescriptors(t *testing.T) {
	e, term := waitingEngine(t), person(t)
	once := func() {
		s := begin(t, e, waits(t, term.Name, "hello", 0))
		if _, err := answer(t, e, s.code(t, e), answers.Answer{Kind: message.OK}); err != nil {
			t.Error(err)
		}
		s.end(t)
	}
	once()
	before := descriptors(t)
	for range 10 {
		once()
	}
	if after := descriptors(t); after != before {
		t.Errorf("%d descriptors, %d before", after, before)
	}
}

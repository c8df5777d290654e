package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"msg/internal/answers"
	"msg/internal/message"
)

// patience is how long a helper may say nothing.
type patience struct {
	hello  time.Duration // before its hello
	answer time.Duration // later; it says now and then that it is at work
	end    time.Duration // once nobody waits for anything else
}

var usual = patience{hello: 10 * time.Second, answer: 4 * aliveTime, end: 5 * time.Second}

// talk is the client's side of a conversation.
type talk struct {
	in       io.Writer // to the helper
	close    func()    // says that nobody waits any more
	lines    *queue[line]
	held     []line // taken from lines
	onHello  func(Hello)
	onPush   func()
	preamble int // how many bytes may come before the hello, of what a login prints

	// helloTime bounds what is before the hello as a whole; 0 leaves it at patience's
	// bound of silence.
	helloTime time.Duration

	pushed *Push
	patience

	// stays says that the message does: what the helper may say has no end then.
	stays atomic.Bool

	unread atomic.Int64 // bytes of lines

	// onOpen is called as soon as the helper has said that the text is through, whether
	// or not what it has said is being read.
	onOpen func()
	over   chan struct{} // closed when nothing is read any more
}

// mostAnswer bounds what a helper may say, in bytes; 4,000 terminals come to a tenth of it.
// Of a message that stays, it is what it may say at once, with so much a second after that,
// and how much of it may be unread.
const (
	mostAnswer = 8 << 20
	perSecond  = 64 << 10
)

// line is one that the helper has sent; the last has an error.
type line struct {
	data []byte
	err  error
}

// newTalk reads what the helper says from now on, whatever is done with it: who
// does not read on, because their own reader does not, must not hold up the helper.
func newTalk(in io.WriteCloser, out io.Reader, onHello func(Hello)) *talk {
	t := &talk{
		in: in, lines: newQueue[line](), onHello: onHello, patience: usual, onOpen: func() {}, over: make(chan struct{}),
		close: sync.OnceFunc(func() { _ = in.Close() }), // it may be closed at the other end
	}
	go t.listen(out)
	return t
}

// opened is how the line begins that says that the text is through.
const opened = `{"event":"` + string(message.Open) + `"`

func (t *talk) listen(out io.Reader) {
	from := &lines{from: out, most: mostEvent}
	left, at := float64(mostAnswer), time.Now() // of what may be said
	for {
		data, err := from.next()
		if t.stays.Load() {
			left = min(mostAnswer, left+perSecond*time.Since(at).Seconds())
			at = time.Now()
		}
		if left -= float64(len(data) + 1); left < 0 && err == nil && !t.stays.Load() {
			err = errTooLong
		}
		if err == nil && t.stays.Load() && bytes.HasPrefix(data, []byte(opened)) {
			t.onOpen() // what it says will be checked when it is read
		}
		// The helper waits meanwhile, once the pipe is full.
		for err == nil && (left < 0 || t.unread.Load() > mostAnswer) {
			select {
			case <-time.After(pause):
			case <-t.over:
				return
			}
			left = min(mostAnswer, left+perSecond*time.Since(at).Seconds())
			at = time.Now()
		}
		t.unread.Add(int64(len(data)))
		t.lines.put(line{bytes.Clone(data), err})
		if err != nil {
			return
		}
	}
}

// pause is before the next look at whether a helper may say more.
const pause = 50 * time.Millisecond

var (
	errSilence     = errors.New("silence")
	errInterrupted = errors.New("interrupted")
)

// next returns the next line. It fails with errSilence where none comes in time, and
// with errInterrupted when ctx has ended.
func (t *talk) next(ctx context.Context, silence time.Duration) (line, error) {
	for again := true; ; {
		if ctx.Err() != nil { // also where it never stops talking
			return line{}, errInterrupted
		}
		if len(t.held) == 0 {
			t.held = t.lines.take()
			t.unread.Store(0)
		}
		if len(t.held) > 0 {
			l := t.held[0]
			t.held = t.held[1:]
			return l, nil
		}
		select {
		case <-t.lines.more:
		case <-ctx.Done():
			return line{}, errInterrupted
		case <-time.After(silence):
			if !again {
				return line{}, errSilence
			}
			// Both sides may have been stopped (Ctrl-Z), and now go on.
			silence, again = min(silence, t.end), false
		}
	}
}

var (
	errNoStart  = message.Fail(message.NoHelper, "it does not start") // it ended without a hello
	errNoHelper = message.Fail(message.NoHelper, "it does not answer as a helper does")
	errNotTaken = message.Fail(message.Lost, "it ended before it had the message: nothing was sent")
	errEnded    = message.Fail(message.Lost, "it ended early; whether all have the message is not known")
)

// hello reads what the helper begins with.
func (t *talk) hello(ctx context.Context) (Hello, error) {
	var hello Hello
	silence := t.patience.hello
	if t.helloTime > 0 {
		whole, cancel := context.WithTimeout(ctx, t.helloTime)
		defer cancel()
		ctx, silence = whole, t.helloTime
	}
	for skipped := 0; ; {
		l, err := t.next(ctx, silence)
		switch {
		case errors.Is(err, errInterrupted) && t.helloTime > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded):
			return hello, message.Fail(message.Timeout, "no answer within %v", t.helloTime)
		case errors.Is(err, errInterrupted):
			return hello, t.givenUp(ctx, "before it had answered")
		case err != nil:
			return hello, message.Fail(message.Timeout, "no answer within %v", t.patience.hello)
		case errors.Is(l.err, errTooLong):
			return hello, errNoHelper
		case l.err != nil:
			return hello, errNoStart
		}
		if err := json.Unmarshal(l.data, &hello); err == nil && hello.Event == eventHello {
			break
		}
		hello = Hello{}
		var want wanted
		if err := json.Unmarshal(l.data, &want); err == nil && want.Event == eventPush && t.pushed != nil {
			if err := t.push(ctx, want); err != nil {
				return hello, err
			}
			t.pushed = nil // once
			t.onPush()
			continue
		}
		if skipped += len(l.data) + 1; skipped > t.preamble {
			return hello, errNoHelper
		}
	}
	if hello.Protocol[0] > newest || hello.Protocol[1] < oldest {
		return hello, skew(hello)
	}
	if t.onHello != nil {
		t.onHello(hello)
	}
	return hello, nil
}

// skew is the failure of a helper that speaks no protocol that this program does.
func skew(hello Hello) *message.Failure {
	f := message.Fail(message.Version, "version %.40s speaks the protocols %d to %d, and this one %d to %d",
		hello.Version, hello.Protocol[0], hello.Protocol[1], oldest, newest)
	f.Hint = "msg here is the older one: update it"
	if hello.Protocol[1] < oldest {
		f.Hint = "msg there is the older one: update it"
	}
	return f
}

// givenUp is the failure of a conversation whose ctx has ended, be it at the sender's
// wish or because the time is up.
func (t *talk) givenUp(ctx context.Context, when string) *message.Failure {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return message.Fail(message.Timeout, "the time was up %s: nothing was sent", when)
	}
	return message.Fail(message.Interrupted, "interrupted %s: nothing was sent", when)
}

// send has one request carried out.
func (t *talk) send(ctx context.Context, r message.Request, report func(message.Result)) error {
	defer close(t.over)
	hello, err := t.hello(ctx)
	if err != nil {
		return err
	}
	data, err := json.Marshal(wire(min(newest, hello.Protocol[1]), r))
	if err != nil {
		return err
	}
	if len(data) >= mostRequest {
		return &message.Refusal{Problem: fmt.Sprintf("a request of %d KiB; it may have %d", len(data)>>10, mostRequest>>10)}
	}
	if isOpen(r) && hello.Protocol[1] < stays {
		f := message.Fail(message.Version, "version %.40s delivers, and cannot wait for answers or for more to be typed", hello.Version)
		f.Hint = "msg there is the older one: update it"
		return f
	}
	t.stays.Store(isOpen(r)) // before it can answer
	if err := t.put(ctx, append(data, '\n'), t.answer); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, t.close)() // it is to wait no longer
	unsaid := make(chan bool, 1)
	if r.Lines != nil {
		go func() { unsaid <- t.pass(ctx, r.Lines) }()
	}
	err = t.results(ctx, isOpen(r), report)
	if r.Lines != nil && err == nil && ctx.Err() != nil && <-unsaid {
		return message.Fail(message.Interrupted, "interrupted before the last line")
	}
	return err
}

// pass passes on what is typed, until the conversation is over, and reports whether there
// was more when it was given up. A helper that does not read is not waited for: its input is
// closed then, and a write to it fails.
func (t *talk) pass(ctx context.Context, lines <-chan string) (unsaid bool) {
	for {
		line, more := "", true
		select {
		case <-t.over:
			return false
		case <-ctx.Done():
			return anyLeft(lines)
		case line, more = <-lines:
		}
		data, err := json.Marshal(typedLine{Line: []byte(line), End: !more})
		if err == nil {
			_, err = t.in.Write(append(data, '\n'))
		}
		if err != nil || !more {
			return err != nil && more
		}
	}
}

// anyLeft reports whether somebody has a line to hand over.
func anyLeft(lines <-chan string) bool {
	select {
	case _, more := <-lines:
		return more
	case <-time.After(handOverTime / 5):
		return false
	}
}

// put writes the request. One that is not whole is not carried out; one that was whole just
// before it was given up may be, and what becomes of it is still to be read.
func (t *talk) put(ctx context.Context, data []byte, limit time.Duration) error {
	written := make(chan error, 1)
	go func() {
		_, err := t.in.Write(data)
		written <- err
	}()
	failure := errNotTaken
	select {
	case err := <-written:
		if err == nil {
			return nil
		}
		if ctx.Err() != nil { // it was closed for that
			failure = t.givenUp(ctx, "before it had the message")
		}
		return failure
	case <-ctx.Done():
		failure = t.givenUp(ctx, "before it had the message")
	case <-time.After(limit):
		failure = message.Fail(message.Timeout, "it did not take the message within %v: nothing was sent", limit)
	}
	t.close() // which ends the writing, too
	if err := <-written; err != nil {
		return failure
	}
	return nil
}

// results passes on what comes, until the end. Once ctx has ended, the helper is to
// come to its end, too.
func (t *talk) results(ctx context.Context, open bool, report func(message.Result)) error {
	silence := t.answer
	seen := results{open: open}
	for over := false; ; {
		l, err := t.next(ctx, silence)
		switch {
		case errors.Is(err, errInterrupted) && !over:
			last, cancel := context.WithTimeout(context.Background(), t.end)
			defer cancel()
			ctx, silence, over = last, t.end, true
			continue
		case over && err != nil:
			return message.Fail(message.Timeout, "it did not end when it was to; whether all have the message is not known")
		case err != nil:
			return message.Fail(message.Timeout, "no word within %v; whether all have the message is not known", silence)
		case l.err != nil:
			return errEnded
		}
		var event struct{ Event string }
		if err := json.Unmarshal(l.data, &event); err != nil {
			return broken(err)
		}
		switch event.Event {
		case eventAlive:
		case eventEnd, eventRefused, eventError:
			return seen.end(l.data)
		default:
			result, err := seen.read(l.data)
			if err != nil {
				return broken(err)
			}
			report(result)
		}
	}
}

// results checks what a helper reports: one result for a terminal or a target, and
// nothing that the protocol does not have.
type results struct {
	open      bool // it is a message that stays
	count     int
	failed    bool // there was one of the host as a whole
	terminals map[string]bool
}

// known are the reasons that a helper may give, of a terminal or of a target.
var known = []message.Reason{
	message.MessagesOff, message.Stuck, message.Gone, message.Busy, message.Denied, message.NotATerminal, message.OwnerChanged,
	message.RateLimited, message.NotLoggedIn, message.NoTerminal, message.Unknown, message.NoHelper,
}

// ofHelper are those that another host's msg may give of its own helper.
var ofHelper = []message.Reason{message.NoHelper, message.Version, message.Timeout, message.Interrupted, message.Lost}

// mostTerminals is more than a host has (kernel.pty.max is 4096).
const mostTerminals = 1 << 16

// mostWords bounds each word of a result, in bytes.
const mostWords = 4 << 10

func (s *results) read(data []byte) (message.Result, error) {
	var l resultLine
	if err := decode(data, &l); err != nil {
		return message.Result{}, err
	}
	r := l.result()
	for _, words := range []string{r.Host, r.User, r.Terminal, r.Session, r.Target, r.Detail} {
		if len(words) > mostWords {
			return r, fmt.Errorf("a word of %d bytes", len(words))
		}
	}
	if said := r.Answer != "" || r.Text != "" || r.AfterMS != 0; said != (r.Event == message.Answered) {
		return r, fmt.Errorf("%s, with an answer", r.Event)
	}
	switch r.Event {
	case message.Waiting:
		return r, nil
	case message.Open, message.Answered, message.Unanswered:
		s.count++
		return r, s.ofOpen(r)
	case message.Delivered, message.Planned:
		if r.Reason != "" || r.Terminal == "" {
			return r, fmt.Errorf("%s, for the reason %.40q, on %.40q", r.Event, r.Reason, r.Terminal)
		}
	case message.Failed:
		reasons := known
		if r.OfHost() {
			reasons = ofHelper
		}
		if !slices.Contains(reasons, r.Reason.Public()) {
			return r, fmt.Errorf("failed for the reason %.40q", r.Reason)
		}
	default:
		return r, fmt.Errorf("event %.40q", r.Event)
	}
	nameless := r.OfHost() && (r.Event != message.Failed || s.failed)
	if r.Host == "" || nameless || r.Terminal != "" && r.Target != "" || s.terminals[r.Terminal] {
		return r, fmt.Errorf("a result of %.40q, %.40q at %.40q", r.Terminal, r.Target, r.Host)
	}
	if len(s.terminals) > mostTerminals {
		return r, fmt.Errorf("more than %d terminals", mostTerminals)
	}
	if r.Terminal != "" {
		if s.terminals == nil {
			s.terminals = map[string]bool{}
		}
		s.terminals[r.Terminal] = true
	}
	s.failed = s.failed || r.OfHost()
	s.count++
	return r, nil
}

// mostAnswerText bounds a reply as it was made harmless, in bytes.
const mostAnswerText = 10 * answers.MaxText

// ofOpen checks what only a message that stays has.
func (s *results) ofOpen(r message.Result) error {
	isReply := r.Answer == message.Reply
	switch {
	case !s.open, r.Host == "", r.Reason != "", r.Target != "",
		(r.User == "") != (r.Event == message.Open),
		r.Event == message.Answered && (!isReply && r.Answer != message.OK || !isReply && r.Text != "" || r.AfterMS < 0),
		len(r.Text) > mostAnswerText:
		return fmt.Errorf("%s, of %.40q at %.40q: %.40q", r.Event, r.User, r.Host, r.Answer)
	}
	return nil
}

func (s *results) end(data []byte) error {
	var e ending
	if err := decode(data, &e); err != nil {
		return broken(err)
	}
	switch {
	case e.Event == eventRefused:
		return &message.Refusal{Problem: e.Problem, Hint: e.Hint}
	case e.Event == eventError:
		return errors.New(e.Problem)
	case e.Results != s.count:
		return broken(fmt.Errorf("%d results came of %d", s.count, e.Results))
	}
	return nil
}

func broken(err error) error {
	return message.Fail(message.Lost, "it does not keep to the protocol: %v", err)
}

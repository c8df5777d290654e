// Package call is the end of a conversation that calls: it starts a program, hands a
// request to the server that the program is or leads to, msgd or another host's msg, and checks what comes back. Package
// wire has the protocol, and the end that serves. No privileged program may import this one.
//
// It believes nothing that a server says: what comes is limited and checked, a silence has an
// end, and a server that hangs is killed.
package call

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"msg/internal/message"
	"msg/internal/wire"
)

// Options is what a caller may have of a conversation besides its results.
type Options struct {
	// Hello is called with what the server begins with, unless it is nil.
	Hello func(wire.Hello)

	// Open is called, unless it is nil, as soon as the server has said that the text is
	// through, even if nobody reads results yet. It may be called more than once.
	Open func()

	// Hints has results with hints: the server is this program, run by the same user.
	Hints bool

	// HelloTime limits all that comes before the hello. 0 limits only the silence.
	HelloTime time.Duration

	// Preamble is how many bytes may come before the hello: what a login prints.
	Preamble int

	// Push returns the program to send to a host that has no msg. nil sends none. Pushed is
	// called when it was sent, unless it is nil.
	Push   func(Wanted) ([]byte, error)
	Pushed func()
}

// patience is how long a server may say nothing.
type patience struct {
	hello  time.Duration // before its hello
	answer time.Duration // later; it says now and then that it is at work
	end    time.Duration // when nobody waits for anything else
}

var usual = patience{hello: 10 * time.Second, answer: 4 * wire.AliveTime, end: 5 * time.Second}

// Talk is a conversation with one server.
type Talk struct {
	options  Options
	patience patience
	in       io.Writer     // to the server
	close    func()        // says that nobody waits any more
	heard    inbox         // what the server has said
	held     []line        // taken from heard, and not yet returned
	stays    atomic.Bool   // the message stays: what the server may say has no end
	over     chan struct{} // closed when nobody reads on
}

// New begins a conversation with a server that reads in and writes to out. It reads all that
// the server says from now on: a caller who is held up must not hold up the server.
func New(in io.WriteCloser, out io.Reader, o Options) *Talk {
	t := &Talk{
		options: o, patience: usual, in: in, heard: newInbox(), over: make(chan struct{}),
		close: sync.OnceFunc(func() { _ = in.Close() }), // the other end may have closed it
	}
	go t.listen(out)
	return t
}

// The errors of a conversation that callers tell apart.
var (
	// ErrNoStart: it ended without a hello.
	ErrNoStart = message.Fail(message.NoHelper, "it does not start")

	// ErrNotTaken: the server ended before it had the message.
	ErrNotTaken = message.Fail(message.Lost, "it ended before it had the message: nothing was sent")

	// ErrEnded: the server ended before it said what became of the message.
	ErrEnded = message.Fail(message.Lost, "it ended early; whether all have the message is not known")
)

// Send has the server carry out one request, and hands each result to report as it comes.
// When ctx ends, it tells the server to wait no longer, and still reports what became of
// every terminal. Its error is a *message.Refusal, a *message.Failure, or one of the
// server's in words.
func (t *Talk) Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	defer close(t.over)
	hello, err := t.hello(ctx)
	if err != nil {
		return err
	}
	data, err := requestLine(hello, r)
	if err != nil {
		return err
	}
	t.stays.Store(r.Stays()) // before the server can answer
	if err := t.put(ctx, data, t.patience.answer); err != nil {
		return err
	}
	defer context.AfterFunc(ctx, t.close)() // it is to wait no longer
	if lines == nil {
		return t.results(ctx, protocolWith(hello), r, report)
	}
	passing, stop := context.WithCancel(ctx)
	defer stop()
	unsaid := make(chan bool, 1)
	go func() { unsaid <- t.pass(passing, lines) }()
	err = t.results(ctx, protocolWith(hello), r, report)
	if err == nil && ctx.Err() != nil && <-unsaid {
		return message.Fail(message.Interrupted, "interrupted before the last line")
	}
	return err
}

// put writes what the server is to have as a whole. A server does not carry out half a
// request. One that was whole just before the sender gave up may be carried out, and what
// becomes of it is still to be read.
func (t *Talk) put(ctx context.Context, data []byte, limit time.Duration) error {
	written := make(chan error, 1)
	go func() {
		_, err := t.in.Write(data)
		written <- err
	}()
	failure := ErrNotTaken
	select {
	case err := <-written:
		if err == nil {
			return nil
		}
		if ctx.Err() != nil { // it was closed for that
			failure = givenUp(ctx, "before it had the message")
		}
		return failure
	case <-ctx.Done():
		failure = givenUp(ctx, "before it had the message")
	case <-time.After(limit):
		failure = message.Fail(message.Timeout, "it did not take the message within %v: nothing was sent", limit)
	}
	t.close() // which ends the writing, too
	if err := <-written; err != nil {
		return failure
	}
	return nil
}

// givenUp is the failure of a conversation whose ctx has ended: the sender wishes it, or the
// time is up.
func givenUp(ctx context.Context, when string) *message.Failure {
	if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
		return message.Fail(message.Timeout, "the time was up %s: nothing was sent", when)
	}
	return message.Fail(message.Interrupted, "interrupted %s: nothing was sent", when)
}

// pass hands on what is typed, until the last line or until ctx ends. It reports whether
// there was a line then that the server does not have. A server that does not read holds it
// up no longer than the conversation lasts: its input is closed then, and the write fails.
func (t *Talk) pass(ctx context.Context, lines *message.Lines) (unsaid bool) {
	for n := 0; ; n++ {
		text, more, err := lines.Next(ctx, n)
		if err != nil || ctx.Err() != nil {
			return more
		}
		data, err := json.Marshal(wire.Typed{Line: []byte(text), End: !more})
		if err == nil {
			_, err = t.in.Write(append(data, '\n'))
		}
		if err != nil || !more {
			return err != nil && more
		}
	}
}

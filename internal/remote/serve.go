package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"msg/internal/message"
)

// How long a client may take: for its request, here and at the other end of ssh, where
// its machine may have hundreds of others to say the same to; and at the end for reading what
// became of it.
const (
	RequestTime    = 10 * time.Second
	RequestTimeSSH = time.Minute
	readingTime    = 10 * time.Second
)

// Send carries out one request and hands each result to report. Its error says
// that nothing was sent.
type Send func(ctx context.Context, r message.Request, report func(message.Result)) error

// Input is the client's end of the line.
type Input interface {
	io.Reader
	SetReadDeadline(time.Time) error
}

// Serve has a conversation with one client, as its helper, which has requestTime for its
// request. A request that is not
// as it has to be is an error here, too; nothing has been sent then. A read of in may
// outlast it: nobody can end that.
func Serve(ctx context.Context, in Input, client io.Writer, requestTime time.Duration, hello Hello, send Send) error {
	hello.Event, hello.Protocol = eventHello, [2]int{oldest, newest}
	out := newOutbox(client)
	out.put(hello)
	lines := &lines{from: in, most: mostRequest}
	request, err := receive(in, lines, requestTime)
	if err != nil {
		out.put(ending{Event: eventError, Problem: err.Error()})
		return errors.Join(err, out.finish())
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	listen := func() { _, _ = in.Read(make([]byte, 1)) } // the end, or something that has no place here
	when := soon
	if request.Lines != nil {
		typed := make(chan string)
		request.Lines = typed
		listen, when = func() { hearLines(ctx, lines, typed) }, 0
	}
	defer time.AfterFunc(when, func() {
		listen()
		giveUp()
	}).Stop()
	end := ending{Event: eventEnd}
	err = send(ctx, request, func(r message.Result) {
		if r.Event != message.Waiting {
			end.Results++
		}
		out.put(lineOf(r))
	})
	var refused *message.Refusal
	switch {
	case errors.As(err, &refused):
		end.Event, end.Problem, end.Hint = eventRefused, refused.Problem, refused.Hint
	case err != nil:
		end.Event, end.Problem = eventError, err.Error()
	}
	out.put(end)
	return out.finish()
}

// soon is after most requests are done: only those that take longer are worth a
// thread that waits for the client to give up.
const soon = 20 * time.Millisecond

// receive reads the request. One that lines will follow has Lines that are not nil.
func receive(in Input, lines *lines, requestTime time.Duration) (message.Request, error) {
	if err := in.SetReadDeadline(time.Now().Add(requestTime)); err != nil {
		return message.Request{}, err
	}
	line, err := lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return message.Request{}, errors.New("no request")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return message.Request{}, fmt.Errorf("no request within %v", requestTime)
	case err != nil:
		return message.Request{}, err
	}
	var r request
	if err := decode(line, &r); err != nil {
		return message.Request{}, fmt.Errorf("not a request: %w", err)
	}
	if len(lines.held) > 0 && !r.Typed {
		return message.Request{}, errors.New("more than one request")
	}
	if err := in.SetReadDeadline(time.Time{}); err != nil {
		return message.Request{}, err
	}
	request, err := r.unwire()
	if r.Typed {
		request.Lines = make(chan string)
	}
	return request, err
}

// handOverTime is for who takes lines to learn that there was one more when it was given up.
const handOverTime = time.Second

// handOver passes a line on, or reports that it was given up before.
func handOver(ctx context.Context, to chan<- string, line string) bool {
	select {
	case to <- line:
		return true
	case <-ctx.Done():
	}
	select {
	case to <- line:
	case <-time.After(handOverTime):
	}
	return false
}

// mostTyped bounds what is typed and not taken yet, in bytes. Who has more has given up.
const mostTyped = 1 << 20

// hearLines passes on what is typed, and returns when the client has given up: it
// closes its end, or sends what has no place here. That is noticed however slowly lines
// are taken.
func hearLines(ctx context.Context, from *lines, typed chan<- string) {
	heard := newQueue[[]byte]() // nil is the end
	var waiting atomic.Int64
	go func() {
		for last := false; !last; {
			select {
			case <-heard.more:
			case <-ctx.Done():
				last = true
			}
			for _, line := range heard.take() {
				if line == nil {
					close(typed)
					return
				}
				if !handOver(ctx, typed, string(line)) {
					return // it is for who takes lines to say that there are more
				}
				waiting.Add(-int64(len(line)))
			}
		}
	}()
	ended := false
	defer func() {
		if !ended {
			heard.put(nil) // behind what was said before
		}
	}()
	for {
		data, err := from.next()
		var line typedLine
		if err != nil || ended || decode(data, &line) != nil || waiting.Add(int64(len(line.Line))) > mostTyped {
			return
		}
		if ended = line.End; ended {
			heard.put(nil)
			continue
		}
		heard.put(append([]byte{}, line.Line...)) // never nil
	}
}

// outbox writes lines to the client, one after the other, without ever having
// who puts one wait: a client that does not read holds up no message and no entry
// in the log.
type outbox struct {
	lines *queue[[]byte]
	last  chan struct{} // closed when there will be no more
	done  chan error    // of the writing
}

func newOutbox(out io.Writer) *outbox {
	a := &outbox{lines: newQueue[[]byte](), last: make(chan struct{}), done: make(chan error, 1)}
	go func() { a.done <- a.write(out) }()
	return a
}

// put says something; what is put can be written as JSON.
func (a *outbox) put(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	a.lines.put(append(line, '\n'))
}

func (a *outbox) write(out io.Writer) error {
	for last := false; ; {
		quiet := false
		select {
		case <-a.lines.more:
		case <-a.last:
			last = true
		case <-time.After(aliveTime):
			quiet = true
		}
		lines := a.lines.take()
		if quiet && len(lines) == 0 { // or the end would not be the last
			lines = [][]byte{[]byte(aliveLine)}
		}
		_, err := out.Write(bytes.Join(lines, nil))
		if err != nil || last {
			return err
		}
	}
}

// finish waits until the client has read everything, for a while.
func (a *outbox) finish() error {
	close(a.last)
	select {
	case err := <-a.done:
		return err
	case <-time.After(readingTime):
		return fmt.Errorf("the answers were not read within %v", readingTime)
	}
}

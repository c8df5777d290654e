package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"msg/internal/delivery"
	"msg/internal/text"
)

// How long a client may take: for its request, and at the end for reading what
// became of it.
const (
	requestTime = 10 * time.Second
	readingTime = 10 * time.Second
)

// Send carries out one request and hands each result to report. Its error says
// that nothing was sent.
type Send func(ctx context.Context, r delivery.Request, report func(delivery.Result)) error

// Input is the client's end of the line.
type Input interface {
	io.Reader
	SetReadDeadline(time.Time) error
}

// Serve has a conversation with one client, as its helper. A request that is not
// as it has to be is an error here, too; nothing has been sent then.
func Serve(ctx context.Context, in Input, out io.Writer, hello Hello, send Send) error {
	hello.Event, hello.Protocol = eventHello, [2]int{oldest, newest}
	answers := newAnswers(out)
	answers.put(hello)
	request, err := receive(in)
	if err != nil {
		answers.put(ending{Event: eventError, Problem: err.Error()})
		return errors.Join(err, answers.finish())
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	defer time.AfterFunc(soon, func() {
		_, _ = in.Read(make([]byte, 1)) // the end, or something that has no place here
		giveUp()
	}).Stop()
	end := ending{Event: eventEnd}
	err = send(ctx, request, func(r delivery.Result) {
		if r.Event != delivery.Waiting {
			end.Results++
		}
		answers.put(clean(r))
	})
	var refused *delivery.RequestError
	switch {
	case errors.As(err, &refused):
		end.Event, end.Problem, end.Hint = eventRefused, refused.Problem, refused.Hint
	case err != nil:
		end.Event, end.Problem = eventError, err.Error()
	}
	answers.put(end)
	return answers.finish()
}

// soon is after most requests are done: only those that take longer are worth a
// thread that waits for the client to give up.
const soon = 20 * time.Millisecond

// receive reads the request.
func receive(in Input) (delivery.Request, error) {
	if err := in.SetReadDeadline(time.Now().Add(requestTime)); err != nil {
		return delivery.Request{}, err
	}
	lines := lines{from: in, most: mostRequest}
	line, err := lines.next()
	switch {
	case errors.Is(err, io.EOF):
		return delivery.Request{}, errors.New("no request")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return delivery.Request{}, fmt.Errorf("no request within %v", requestTime)
	case err != nil:
		return delivery.Request{}, err
	case len(lines.held) > 0:
		return delivery.Request{}, errors.New("more than one request")
	}
	var r request
	if err := decode(line, &r); err != nil {
		return delivery.Request{}, fmt.Errorf("not a request: %w", err)
	}
	if err := in.SetReadDeadline(time.Time{}); err != nil {
		return delivery.Request{}, err
	}
	return r.unwire()
}

// clean makes names fit for JSON, which has no place for bytes that are not
// UTF-8.
func clean(r delivery.Result) delivery.Result {
	for _, s := range []*string{&r.Host, &r.User, &r.Terminal, &r.Session, &r.Target, &r.Detail} {
		*s = text.Name(*s)
	}
	return r
}

// answers writes lines to the client, one after the other, without ever having
// who puts one wait: a client that does not read holds up no message and no entry
// in the log.
type answers struct {
	mu    sync.Mutex
	lines [][]byte
	err   error // of making one
	more  chan struct{}
	last  bool
	done  chan error
}

func newAnswers(out io.Writer) *answers {
	a := &answers{more: make(chan struct{}, 1), done: make(chan error, 1)}
	go func() { a.done <- a.write(out) }()
	return a
}

func (a *answers) put(v any) {
	line, err := json.Marshal(v)
	a.mu.Lock()
	a.lines, a.err = append(a.lines, append(line, '\n')), errors.Join(a.err, err)
	a.mu.Unlock()
	a.wake()
}

func (a *answers) wake() {
	select {
	case a.more <- struct{}{}:
	default: // it is awake
	}
}

func (a *answers) write(out io.Writer) error {
	for range a.more {
		a.mu.Lock()
		lines, last := a.lines, a.last
		a.lines = nil
		a.mu.Unlock()
		if _, err := out.Write(bytes.Join(lines, nil)); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
	return nil
}

// finish waits until the client has read everything, for a while.
func (a *answers) finish() error {
	a.mu.Lock()
	a.last = true
	err := a.err
	a.mu.Unlock()
	a.wake()
	timer := time.NewTimer(readingTime)
	defer timer.Stop()
	select {
	case writeErr := <-a.done:
		return errors.Join(err, writeErr)
	case <-timer.C:
		return errors.Join(err, fmt.Errorf("the answers were not read within %v", readingTime))
	}
}

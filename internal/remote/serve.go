package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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

// Serve has a conversation with one client, as its helper. A request that is not
// as it has to be is an error here, too; nothing has been sent then.
func Serve(ctx context.Context, in io.Reader, out io.Writer, hello Hello, send Send) error {
	hello.Event, hello.Protocol = eventHello, [2]int{oldest, newest}
	answers := newAnswers(out)
	answers.put(hello)
	client := listen(in)
	request, err := client.request(ctx)
	if err != nil {
		answers.put(ending{Event: eventError, Problem: err.Error()})
		return errors.Join(err, answers.finish())
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	go func() {
		<-client.ended // it has closed its end, or breaks the protocol
		stop()
	}()
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

// clean makes names fit for JSON, which has no place for bytes that are not
// UTF-8.
func clean(r delivery.Result) delivery.Result {
	for _, s := range []*string{&r.Host, &r.User, &r.Terminal, &r.Session, &r.Target, &r.Detail} {
		*s = text.Name(*s)
	}
	return r
}

// client is who the conversation is with.
type client struct {
	lines    *lines
	received chan received // the request
	ended    chan struct{} // it says no more
}

type received struct {
	request delivery.Request
	err     error
}

// listen reads what the client says, in a goroutine of its own: its end of the
// line may be anything, and reading from some things cannot be given up.
func listen(in io.Reader) *client {
	c := &client{
		lines:    &lines{from: in, most: mostRequest},
		received: make(chan received, 1), ended: make(chan struct{}),
	}
	go func() {
		defer close(c.ended)
		request, err := c.read()
		c.received <- received{request, err}
		if err == nil {
			_ = c.lines.read() // the end, or something that has no place here
		}
	}()
	return c
}

func (c *client) read() (delivery.Request, error) {
	line, err := c.lines.next()
	if errors.Is(err, io.EOF) {
		return delivery.Request{}, errors.New("no request")
	}
	if err != nil {
		return delivery.Request{}, err
	}
	if len(c.lines.held) > 0 {
		return delivery.Request{}, errors.New("more than one request")
	}
	var r request
	if err := decode(line, &r); err != nil {
		return delivery.Request{}, fmt.Errorf("not a request: %w", err)
	}
	c.lines = &lines{from: c.lines.from, most: 1}
	return r.unwire()
}

func (c *client) request(ctx context.Context) (delivery.Request, error) {
	timer := time.NewTimer(requestTime)
	defer timer.Stop()
	select {
	case r := <-c.received:
		return r.request, r.err
	case <-timer.C:
		return delivery.Request{}, fmt.Errorf("no request within %v", requestTime)
	case <-ctx.Done():
		return delivery.Request{}, ctx.Err()
	}
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

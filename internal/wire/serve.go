package wire

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"msg/internal/message"
)

// How long a client may take for its request: here, and over ssh, where it may have many hosts.
const (
	RequestTime    = 10 * time.Second
	RequestTimeSSH = time.Minute
)

// Input is the client's end of the line.
type Input interface {
	io.Reader
	SetReadDeadline(time.Time) error
}

// Serve has a conversation with one client, as its helper. The client has requestTime for
// its request. Serve returns an error, too, if the request is malformed; then nothing was
// sent. A read of in may outlast Serve: nobody can end one.
func Serve(ctx context.Context, in Input, client io.Writer, requestTime time.Duration, hello Hello, send message.Send) error {
	hello.Event, hello.Protocol = EventHello, [2]int{Oldest, Newest}
	out := newOutbox(client)
	out.put(hello)
	from := NewReader(in, MostRequest)
	request, err := receive(in, from, requestTime)
	if err != nil {
		out.put(Ending{Event: EventError, Problem: err.Error()})
		return errors.Join(err, out.finish())
	}
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	listen, when := func() { _, _ = in.Read(make([]byte, 1)) }, soon // the end, or a byte that has no place here
	var lines *message.Lines
	if request.Typed {
		lines = message.NewLines()
		listen, when = func() { hear(from, lines) }, 0
	}
	defer time.AfterFunc(when, func() {
		listen()
		giveUp()
	}).Stop()
	out.put(carryOut(ctx, out, request, lines, send))
	return out.finish()
}

// soon is when most requests are done. Only longer ones need a thread that hears the client.
const soon = 20 * time.Millisecond

// carryOut has the request carried out, tells the client the results, and returns the ending.
func carryOut(ctx context.Context, out *outbox, r message.Request, lines *message.Lines, send message.Send) Ending {
	end := Ending{Event: EventEnd}
	err := send(ctx, r, lines, func(r message.Result) {
		if r.Event != message.Waiting {
			end.Results++
		}
		out.put(ResultOf(r))
	})
	var refused *message.Refusal
	switch {
	case errors.As(err, &refused):
		end.Event, end.Problem, end.Hint = EventRefused, refused.Problem, refused.Hint
	case err != nil:
		end.Event, end.Problem = EventError, err.Error()
	}
	return end
}

// receive reads the request.
func receive(in Input, from *Reader, requestTime time.Duration) (message.Request, error) {
	if err := in.SetReadDeadline(time.Now().Add(requestTime)); err != nil {
		return message.Request{}, err
	}
	line, err := from.Next()
	switch {
	case errors.Is(err, io.EOF):
		return message.Request{}, errors.New("no request")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return message.Request{}, fmt.Errorf("no request within %v", requestTime)
	case err != nil:
		return message.Request{}, err
	}
	var r Request
	if err := Decode(line, &r); err != nil {
		return message.Request{}, fmt.Errorf("not a request: %w", err)
	}
	if len(from.held) > 0 && !r.Typed {
		return message.Request{}, errors.New("more than one request")
	}
	if err := in.SetReadDeadline(time.Time{}); err != nil {
		return message.Request{}, err
	}
	return r.Message()
}

// mostTyped limits the lines not taken yet, in bytes. A client that sends more has given up.
const mostTyped = 1 << 20

// hear adds what the client types to lines. It returns when the client has given up: it
// closes its end, or sends something that has no place here.
func hear(from *Reader, lines *message.Lines) {
	for ended := false; ; {
		data, err := from.Next()
		var typed Typed
		switch {
		case err != nil, ended, Decode(data, &typed) != nil, lines.Unread()+len(typed.Line) > mostTyped:
			return
		case typed.End:
			lines.Close()
			ended = true
		default:
			lines.Add(string(typed.Line))
		}
	}
}

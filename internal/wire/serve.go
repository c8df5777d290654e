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

// Service is what the serving end does.
type Service struct {
	Hello       Hello
	RequestTime time.Duration // for the whole request; its first byte has half of that

	Send message.Send

	// Hints has results say what to do about them. It is for a client that is this program, of the
	// same user: another's words would be commands to type.
	Hints bool

	Consent Consenting // nil where nothing is kept
}

// Consenting carries out a request about consent.
type Consenting func(context.Context, Consent) (Said, error)

// Serve has a conversation with one client. It returns an error, too, if the request is
// malformed; then nothing was sent. A read of in may outlast Serve: nobody can end one.
func (s Service) Serve(ctx context.Context, in Input, client io.Writer) error {
	s.Hello.Event, s.Hello.Protocol = EventHello, [2]int{Oldest, Newest}
	out := newOutbox(client)
	out.put(s.Hello)
	from := NewReader(in, MostRequest)
	line, request, err := receive(in, from, s.RequestTime)
	if err != nil {
		out.put(Ending{Event: EventError, Problem: err.Error()})
		return errors.Join(err, out.finish())
	}
	if line.Consent != nil {
		out.put(s.consent(ctx, out, line.Consent))
		return out.finish()
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
	out.put(s.carryOut(ctx, out, line.Protocol, request, lines))
	return out.finish()
}

// consent carries out a request about consent, and returns the ending.
func (s Service) consent(ctx context.Context, out *outbox, c *Consent) Ending {
	if s.Consent == nil {
		return Ending{Event: EventRefused, Problem: "what you say about all of your terminals is not kept here", Hint: "only msgd keeps it"}
	}
	said, err := s.Consent(ctx, *c)
	if err != nil {
		return endingOf(err, 0)
	}
	said.Event = EventConsent
	out.put(said)
	return Ending{Event: EventEnd}
}

// soon is when most requests are done. Only longer ones need a thread that hears the client.
const soon = 20 * time.Millisecond

// carryOut has the request carried out, tells the client the results, and returns the ending.
func (s Service) carryOut(ctx context.Context, out *outbox, protocol int, r message.Request, lines *message.Lines) Ending {
	results := 0
	err := s.Send(ctx, r, lines, func(r message.Result) {
		if r.Event != message.Waiting {
			results++
		}
		if !s.Hints {
			r.Hint = ""
		}
		out.put(ResultOf(protocol, r))
	})
	return endingOf(err, results)
}

func endingOf(err error, results int) Ending {
	end := Ending{Event: EventEnd, Results: results}
	var refused *message.Refusal
	switch {
	case errors.As(err, &refused):
		end.Event, end.Problem, end.Hint = EventRefused, refused.Problem, refused.Hint
	case err != nil:
		end.Event, end.Problem = EventError, err.Error()
	}
	return end
}

// receive reads the request. A client that says nothing keeps others from a conversation, so
// its first byte has to come in half of the time.
func receive(in Input, from *Reader, requestTime time.Duration) (r Request, m message.Request, err error) {
	began, within := time.Now(), requestTime/2
	err = in.SetReadDeadline(began.Add(within))
	if err == nil {
		err = from.Await()
	}
	if err == nil {
		within = requestTime
		err = in.SetReadDeadline(began.Add(within))
	}
	if err != nil {
		return r, m, noRequest(err, within)
	}
	line, err := from.Next()
	if err != nil {
		return r, m, noRequest(err, within)
	}
	if err := Decode(line, &r); err != nil {
		return r, m, fmt.Errorf("not a request: %w", err)
	}
	if len(from.held) > 0 && !r.Typed {
		return r, m, errors.New("more than one request")
	}
	if err := in.SetReadDeadline(time.Time{}); err != nil {
		return r, m, err
	}
	m, err = r.Message()
	return r, m, err
}

// noRequest returns what to tell a client whose request did not come within that time.
func noRequest(err error, within time.Duration) error {
	switch {
	case errors.Is(err, io.EOF):
		return errors.New("no request")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no request within %v", within)
	}
	return err
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

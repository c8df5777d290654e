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
)

// How long a helper may say nothing: before its hello, and later besides the time
// that it may wait for a terminal.
const (
	helloTime  = 10 * time.Second
	answerTime = 30 * time.Second
)

// talk is the client's side of a conversation.
type talk struct {
	in      io.WriteCloser // to the helper
	out     *lines         // from it
	close   func()
	onHello func(Hello)

	helloTime, answerTime time.Duration
}

func newTalk(in io.WriteCloser, out io.Reader, onHello func(Hello)) *talk {
	return &talk{
		in: in, out: &lines{from: out, most: mostEvent}, onHello: onHello,
		close:     sync.OnceFunc(func() { _ = in.Close() }), // it may be closed at the other end
		helloTime: helloTime, answerTime: answerTime,
	}
}

// line is one that the helper has sent.
type line struct {
	data []byte
	err  error
}

// listen reads until the helper ends.
func (t *talk) listen(done <-chan struct{}) <-chan line {
	all := make(chan line)
	go func() {
		for {
			data, err := t.out.next()
			select {
			case all <- line{bytes.Clone(data), err}:
			case <-done:
				return
			}
			if err != nil {
				return
			}
		}
	}()
	return all
}

// hello reads what the helper begins with.
func (t *talk) hello(ctx context.Context) (Hello, error) {
	done := make(chan struct{})
	defer close(done)
	return t.await(ctx, t.listen(done))
}

func (t *talk) await(ctx context.Context, all <-chan line) (Hello, error) {
	timer := time.NewTimer(t.helloTime)
	defer timer.Stop()
	var hello Hello
	select {
	case l := <-all:
		if l.err != nil {
			return hello, &Failure{NoHelper, "it does not start"}
		}
		if err := json.Unmarshal(l.data, &hello); err != nil || hello.Event != eventHello {
			return hello, &Failure{NoHelper, "it does not answer as a helper does"}
		}
	case <-timer.C:
		return hello, &Failure{Timeout, fmt.Sprintf("no answer within %v", t.helloTime)}
	case <-ctx.Done():
		return hello, ctx.Err()
	}
	if hello.Protocol[0] > newest || hello.Protocol[1] < oldest {
		return hello, &Failure{Version, fmt.Sprintf("version %s speaks the protocols %d to %d, and this one %d to %d",
			hello.Version, hello.Protocol[0], hello.Protocol[1], oldest, newest)}
	}
	if t.onHello != nil {
		t.onHello(hello)
	}
	return hello, nil
}

// send has one request carried out.
func (t *talk) send(ctx context.Context, r delivery.Request, report func(delivery.Result)) error {
	done := make(chan struct{})
	defer close(done)
	all := t.listen(done)
	hello, err := t.await(ctx, all)
	if err != nil {
		return err
	}
	data, err := json.Marshal(wire(min(newest, hello.Protocol[1]), r))
	if err != nil {
		return err
	}
	if len(data) >= mostRequest {
		return &delivery.RequestError{Problem: fmt.Sprintf("a request of %d KiB; it may have %d", len(data)>>10, mostRequest>>10)}
	}
	if _, err := t.in.Write(append(data, '\n')); err != nil {
		return &Failure{Lost, "it ended before it had the message"}
	}
	defer context.AfterFunc(ctx, t.close)() // it is to wait no longer
	return t.results(all, max(r.Time, delivery.Patience)+t.answerTime, report)
}

// results passes on what comes, until the end.
func (t *talk) results(all <-chan line, silence time.Duration, report func(delivery.Result)) error {
	timer := time.NewTimer(silence)
	defer timer.Stop()
	count := 0
	for {
		timer.Reset(silence)
		select {
		case <-timer.C:
			return &Failure{Timeout, fmt.Sprintf("no word within %v; whether all have the message is not known", silence)}
		case l := <-all:
			if l.err != nil {
				return &Failure{Lost, "it ended early; whether all have the message is not known"}
			}
			event, err := eventOf(l.data)
			if err != nil {
				return err
			}
			if event.Event == eventEnd || event.Event == eventRefused || event.Event == eventError {
				return t.ending(l.data, count)
			}
			result, err := resultOf(l.data)
			if err != nil {
				return err
			}
			if result.Event != delivery.Waiting {
				count++
			}
			report(result)
		}
	}
}

type eventName struct {
	Event string `json:"event"`
}

func eventOf(data []byte) (eventName, error) {
	var name eventName
	if err := json.Unmarshal(data, &name); err != nil {
		return name, broken(err)
	}
	return name, nil
}

func resultOf(data []byte) (delivery.Result, error) {
	var r delivery.Result
	if err := decode(data, &r); err != nil {
		return r, broken(err)
	}
	switch r.Event {
	case delivery.Delivered, delivery.Failed, delivery.Planned, delivery.Waiting:
		return r, nil
	}
	return r, broken(fmt.Errorf("event %.40q", r.Event))
}

func (t *talk) ending(data []byte, count int) error {
	var e ending
	if err := decode(data, &e); err != nil {
		return broken(err)
	}
	switch {
	case e.Event == eventRefused:
		return &delivery.RequestError{Problem: e.Problem, Hint: e.Hint}
	case e.Event == eventError:
		return errors.New(e.Problem)
	case e.Results != count:
		return broken(fmt.Errorf("%d results came of %d", count, e.Results))
	}
	return nil
}

func broken(err error) error {
	return &Failure{Lost, "it does not keep to the protocol: " + err.Error()}
}

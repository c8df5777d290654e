package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"msg/internal/message"
	"msg/internal/wire"
)

// results passes on what comes, until the end. Once ctx has ended, the server is to come to
// its end, too.
func (t *Talk) results(ctx context.Context, protocol int, r message.Request, report func(message.Result)) error {
	seen := results{protocol: protocol, open: r.Stays(), asked: len(r.Targets), hints: t.options.Hints}
	for {
		data, err := t.answerLine(ctx)
		if errors.Is(err, errInterrupted) {
			return t.lastResults(&seen, report)
		}
		if err != nil {
			return err
		}
		if over, err := seen.take(data, report); over {
			return err
		}
	}
}

// lastResults passes on what comes from a server that is to come to its end.
func (t *Talk) lastResults(seen *results, report func(message.Result)) error {
	ctx, cancel := context.WithTimeout(context.Background(), t.patience.end)
	defer cancel()
	for {
		l, err := t.next(ctx, t.patience.end)
		switch {
		case err != nil:
			return message.Fail(message.Timeout, "it did not end when it was to; whether all have the message is not known")
		case l.err != nil:
			return ErrEnded
		}
		if over, err := seen.take(l.data, report); over {
			return err
		}
	}
}

// answerLine returns the next line. It fails with errInterrupted when ctx has ended.
func (t *Talk) answerLine(ctx context.Context) ([]byte, error) {
	l, err := t.next(ctx, t.patience.answer)
	switch {
	case errors.Is(err, errSilence):
		return nil, message.Fail(message.Timeout, "no word within %v; whether all have the message is not known", t.patience.answer)
	case err != nil:
		return nil, err
	case l.err != nil:
		return nil, ErrEnded
	}
	return l.data, nil
}

// take reads one line. It reports whether the conversation is over, and how it ended.
func (s *results) take(data []byte, report func(message.Result)) (over bool, err error) {
	var event struct{ Event string }
	if err := json.Unmarshal(data, &event); err != nil {
		return true, broken(err)
	}
	switch event.Event {
	case wire.EventAlive:
		return false, nil
	case wire.EventEnd, wire.EventRefused, wire.EventError:
		return true, s.end(data)
	}
	result, err := s.read(data)
	if err != nil {
		return true, broken(err)
	}
	report(result)
	return false, nil
}

// end reads the last line.
func (s *results) end(data []byte) error {
	var e wire.Ending
	if err := wire.Decode(data, &e); err != nil {
		return broken(err)
	}
	if e.Event == wire.EventEnd && e.Results != s.count {
		return broken(fmt.Errorf("%d results came of %d", s.count, e.Results))
	}
	return e.Err()
}

func broken(err error) error {
	return message.Fail(message.Lost, "it does not keep to the protocol: %v", err)
}

package delivery

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"msg/internal/message"
	"msg/internal/tty"
)

// typed is what is typed to a message that is on its terminals already.
type typed struct {
	mu    sync.Mutex
	lines []line
	over  bool
	err   error         // why there are no more, though there should be
	more  chan struct{} // closed when there is more
}

// line is one, and by when it has to be out; the time is zero where its sender is not
// counted.
type line struct {
	text  string
	until time.Time
}

func newTyped() *typed { return &typed{more: make(chan struct{})} }

func (t *typed) change(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do()
	close(t.more)
	t.more = make(chan struct{})
}

// line waits for the n-th line. There is none, and perhaps an error, where nothing more
// will come.
func (t *typed) line(n int) (line, bool, error) {
	for {
		t.mu.Lock()
		more, over, err, lines := t.more, t.over, t.err, t.lines
		t.mu.Unlock()
		switch {
		case n < len(lines):
			return lines[n], true, nil
		case over:
			return line{}, false, err
		}
		<-more
	}
}

// take takes in lines as they come, until there are no more or nobody types any
// more. Each counts as a message does; one that would be one too many waits.
func (d *round) take(ctx context.Context, report func(message.Result)) {
	err := d.takeAll(ctx, report)
	d.typed.change(func() { d.typed.over, d.typed.err = true, err })
}

func (d *round) takeAll(ctx context.Context, report func(message.Result)) error {
	for {
		select {
		case <-ctx.Done():
			select {
			case _, more := <-d.request.Lines: // somebody has one to hand over, or has said all
				if more {
					return errGivenUp
				}
			case <-time.After(handOverTime):
			}
			return nil
		case text, ok := <-d.request.Lines:
			if !ok {
				return nil
			}
			if err := d.engine.checkLine(text); err != nil {
				return &message.Failure{Reason: message.Denied, Detail: err.Error()}
			}
			until, err := d.countLine(ctx, report)
			if ctx.Err() != nil {
				return errGivenUp
			}
			if err != nil {
				return err
			}
			d.engine.logLine(d.request, d.message.Sender, text)
			d.typed.change(func() { d.typed.lines = append(d.typed.lines, line{text, until}) })
		}
	}
}

// errGivenUp is a terminal's where a line has not come that was typed: the sender has not
// waited for it.
var errGivenUp = &message.Failure{Reason: message.GivenUp, Detail: "interrupted before the last line"}

// errLineTooLate is a terminal's that has been held for longer than a line may be kept.
var errLineTooLate = &message.Failure{Reason: message.Stuck, Detail: "too late for the next line"}

// handOverTime is for who has another line, when it is given up, to say so.
const handOverTime = 200 * time.Millisecond

// checkLine refuses what msg itself would not send.
func (e *Engine) checkLine(line string) error {
	most := message.MaxBytes
	if e.root() {
		most = message.MaxBytesRoot
	}
	if len(line) > most || strings.Contains(line, "\n") {
		return &message.Refusal{Problem: fmt.Sprintf("a line of more than %d KiB", most>>10)}
	}
	return nil
}

// sayAgain is after how long it is said again that a line waits.
const sayAgain = 10 * time.Second

// countLine counts a line, and waits until it may go out; it returns by when it has to.
func (d *round) countLine(ctx context.Context, report func(message.Result)) (time.Time, error) {
	if d.engine.Policy == nil {
		return time.Time{}, nil
	}
	// A terminal may take its time for the line before.
	keep := openingTime + d.patience()
	for said := (time.Time{}); ; {
		until := time.Now().Add(keep) // before the count: this process may be stopped behind it
		waited := false
		wait, err := d.engine.Policy.Count(ctx, func(string) { waited = true })
		switch {
		case ctx.Err() != nil:
			return until, nil // nobody wants it any more
		case err != nil:
			return until, &message.Failure{Reason: message.RateLimited, Detail: err.Error()}
		case wait <= 0 && waited:
			return time.Now().Add(keep), nil // one at a time: there is nothing to keep
		case wait <= 0:
			return until, nil
		}
		if time.Since(said) >= sayAgain { // the other end has to know that it is waited for
			report(message.Result{Event: message.Waiting, Host: d.engine.Host, Detail: fmt.Sprintf("too many lines; the next one waits for %d s", seconds(wait))})
			said = time.Now()
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(wait, sayAgain)):
		}
	}
}

// follow writes what is typed to one terminal that has the message, and at last that
// nothing more will come. Whether messages are still on there is looked at for each line.
func (d *round) follow(ctx context.Context, p *Place, terminal *tty.Terminal) error {
	for n := 0; ; n++ {
		line, more, failed := d.typed.line(n)
		render := func() tty.Output {
			on := terminal.Screen()
			if more {
				return d.message.Further(line.text, on).For(on)
			}
			return d.message.End(on).For(on)
		}
		err := terminal.Holds()
		switch {
		case err != nil:
			err = partly(err, 0, 0)
		case late(line.until):
			err = errLineTooLate
		default:
			var rest pending
			d.work(func() { rest, err = d.put(terminal, line.until, render) })
			if err == nil {
				err = d.finish(ctx, p, terminal, rest)
			}
		}
		switch {
		case err != nil:
			return said(err, n+1)
		case failed != nil:
			return said(failed, n+1)
		case !more:
			return nil
		}
	}
}

// said adds to a failure how many lines are on the screen.
func said(err error, lines int) error {
	failure, ok := err.(*message.Failure)
	if !ok {
		return err
	}
	what := "the first line"
	if lines > 1 {
		what = fmt.Sprintf("%d lines", lines)
	}
	return &message.Failure{Reason: failure.Reason, Detail: failure.Detail + ", after " + what}
}

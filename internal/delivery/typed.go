package delivery

import (
	"context"
	"fmt"
	"sync"

	"msg/internal/message"
	"msg/internal/tty"
)

// typed is the lines that may go out.
type typed struct {
	lines *message.Lines

	mu      sync.Mutex
	tickets []ticket // of each line
	failed  error    // why there are no more, though there should be
}

func (t *typed) add(line string, leave ticket) {
	t.mu.Lock()
	t.tickets = append(t.tickets, leave)
	t.mu.Unlock()
	t.lines.Add(line)
}

func (t *typed) end(err error) {
	t.mu.Lock()
	t.failed = err
	t.mu.Unlock()
	t.lines.Close()
}

// line waits for the n-th line. If nothing more will come, ok is false, and err says why if
// there should be more.
func (t *typed) line(n int) (line string, leave ticket, ok bool, err error) {
	line, ok, _ = t.lines.Next(context.Background(), n)
	t.mu.Lock()
	defer t.mu.Unlock()
	if !ok {
		return "", ticket{}, false, t.failed
	}
	return line, t.tickets[n], true, nil
}

// errGivenUp is the failure of a terminal that lacks a line that was typed: the sender has
// not waited for it.
var errGivenUp = message.Fail(message.GivenUp, "interrupted before the last line")

// errLineTooLate is the failure of a terminal that was held for longer than a line may be
// kept.
var errLineTooLate = message.Fail(message.Stuck, "too late for the next line")

// admit lets lines through as they come, until there are no more or the sender gives up. Its
// error says why no more come through, though there are some.
func (d *dispatch) admit(ctx context.Context) error {
	for n := 0; ; n++ {
		line, ok, err := d.lines.Next(ctx, n)
		switch {
		case ctx.Err() != nil && d.lines.Len() > n:
			return errGivenUp
		case err != nil, !ok:
			return nil
		}
		if err := d.Sender.checkLine(line); err != nil {
			return err
		}
		leave, err := d.countLine(ctx)
		if err != nil {
			return err
		}
		err = d.Rules.Log(LineRecord{UID: d.Sender.UID, Sender: d.message.Sender, Targets: d.request.Targets, Line: line})
		if err != nil {
			return message.Fail(message.Stuck, "the line can't be logged: %v", err)
		}
		d.typed.add(line, leave)
	}
}

// follow writes what is typed to one terminal that has the message, and at last that nothing
// more will come.
func (d *dispatch) follow(ctx context.Context, a *attempt) error {
	for n := 0; ; n++ {
		line, leave, more, failed := d.typed.line(n)
		on := a.terminal.Screen()
		layout := d.message.End(on)
		if more {
			layout = d.message.Further(line, on)
		}
		err := d.writeLine(ctx, a, layout.For(on), leave)
		switch {
		case err == nil && a.settled.Load():
			err = errHangs // it has been told so meanwhile
		case err == nil:
			err = failed
		}
		if err != nil || !more {
			return after(err, n+1)
		}
	}
}

// writeLine writes a line, if messages are still on there.
func (d *dispatch) writeLine(ctx context.Context, a *attempt, out tty.Output, leave ticket) error {
	if err := a.terminal.Holds(d.rule(a.Terminal)); err != nil {
		return partly(err, 0, 0)
	}
	if leave.late() {
		return errLineTooLate
	}
	a.expect(d.patience())
	defer a.stopWatching()
	written, err := put(a.terminal, out, leave)
	if err != nil {
		return err
	}
	return d.complete(ctx, a, out, written)
}

// after adds to a failure, if there is one, how many lines are on the screen.
func after(err error, lines int) error {
	failure, ok := err.(*message.Failure)
	if !ok {
		return err
	}
	what := "the first line"
	if lines > 1 {
		what = fmt.Sprintf("%d lines", lines)
	}
	return message.Fail(failure.Reason, "%s, after %s", failure.Detail, what)
}

package client

import (
	"context"
	"errors"

	"msg/internal/message"
	"msg/internal/report"
)

// Series is a message that goes out several times, with other words each time. It is reported
// like one message: results as they come, and one summary.
type Series struct {
	*Dispatch
	report report.Options
	here   string
	total  report.Summary
	last   *report.Tally // of the last message
	err    error         // the first of writing to standard output
}

// NewSeries returns a series of messages to the same targets.
func NewSeries(d *Dispatch, here string, o report.Options) *Series {
	o.Partial, o.Hinted = true, map[string]bool{}
	return &Series{Dispatch: d, here: here, report: o, total: report.NewTally(o.Hosts, false).Summary()}
}

// Send sends a text, until ctx is done: at its deadline, the next message is due. Its error
// says that nothing was sent.
func (s *Series) Send(ctx context.Context, text string) error {
	out := report.New(s.report)
	out.Interrupted = func() bool { return errors.Is(ctx.Err(), context.Canceled) }
	out.Late = func() bool { return errors.Is(ctx.Err(), context.DeadlineExceeded) }
	next := *s.Dispatch
	next.Parts = s.with(func(r *message.Request) { r.Time = patience(ctx, r.Time) })
	if err := next.Send(ctx, text, nil, out); err != nil {
		return err
	}
	s.keep(out.End())
	s.last = out.Tally()
	s.total.Delivered += s.last.Delivered
	s.total.Failed += s.last.Failed
	s.total.Planned += s.last.Planned
	return nil
}

// InVain reports whether nobody got the last message, and nobody would get the next.
func (s *Series) InVain() bool { return s.last != nil && s.last.InVain() }

// Failed is the result of a message that was not sent at all.
func (s *Series) Failed(err error) {
	out := report.New(s.report)
	out.Result(message.Result{Event: message.Failed, Host: s.here, Reason: message.Refused, Detail: err.Error()})
	s.total.Failed++
	s.keep(out.Tell())
}

func (s *Series) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// Total tells what all of it comes to, and returns the exit status for that. Its error is the
// first of writing to standard output.
func (s *Series) Total() (report.Status, error) {
	if s.report.JSON {
		s.PrintObject(s.total)
	}
	if s.total.Failed > 0 {
		return report.NotReached, s.err
	}
	return report.OK, s.err
}

// Print prints a line.
func (s *Series) Print(line string) { s.keep(report.New(s.report).Print(line)) }

// PrintObject prints a value as a line of JSON.
func (s *Series) PrintObject(value any) { s.keep(report.New(s.report).PrintObject(value)) }

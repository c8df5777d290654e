package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/report"
)

// series is a message that goes to the same targets several times, with other words each
// time. It is reported like one message: results as they come, and one summary.
type series struct {
	w       world
	flags   *sendCmd
	parts   []remote.Part
	away    bool // hosts are named
	summary report.Summary
	hinted  map[string]bool // as a reporter's
	err     error           // the first that came of writing to standard output
	inVain  bool            // nobody got the last message, and nobody would get the next: no such user, not allowed
}

func newSeries(w world, flags *sendCmd, parts []remote.Part, away bool) *series {
	return &series{
		w: w, flags: flags, parts: parts, away: away,
		summary: report.Summary{Event: "summary", Hosts: len(parts)}, hinted: map[string]bool{},
	}
}

// send sends the text, until ctx is done: with a deadline, the next message is due then.
// Its error says that nothing was sent.
func (s *series) send(ctx context.Context, text string) error {
	out := s.flags.reporter(s.w, s.parts, s.away)
	out.series, out.hinted = true, s.hinted
	out.interrupted = func() bool { return errors.Is(ctx.Err(), context.Canceled) }
	out.late = func() bool { return errors.Is(ctx.Err(), context.DeadlineExceeded) }
	parts := slices.Clone(s.parts)
	for i := range parts {
		parts[i].Request.Text = text
		parts[i].Request.Time = patience(ctx, parts[i].Request.Time)
	}
	if err := s.flags.send(ctx, s.w, parts, s.away, out); err != nil {
		return err
	}
	s.keep(out.end())
	s.summary.Delivered += out.summary.Delivered
	s.summary.Failed += out.summary.Failed
	s.summary.Planned += out.summary.Planned
	s.inVain = out.inVain > 0 && out.inVain == out.summary.Failed && out.summary.Delivered == 0
	return nil
}

// failed is the result of a message that was not sent at all.
func (s *series) failed(err error) {
	out := s.flags.reporter(s.w, s.parts, s.away)
	out.result(message.Result{Event: message.Failed, Host: s.w.engine.Name, Reason: message.Refused, Detail: err.Error()})
	out.tell()
	s.summary.Failed++
	s.keep(out.err)
}

func (s *series) keep(err error) {
	if s.err == nil {
		s.err = err
	}
}

// patience is how long a terminal may take: not as long as to the next message, which tells
// the same, and better.
func patience(ctx context.Context, most time.Duration) time.Duration {
	if most == 0 {
		most = message.Patience
	}
	if next, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(next)*9/10)
	}
	return max(most, time.Millisecond)
}

// total tells what all of it comes to, and returns the exit status for that.
func (s *series) total() (status int, err error) {
	if s.flags.JSON {
		s.print(s.summary)
	}
	if s.summary.Failed > 0 {
		return exitNotReached, s.err
	}
	return exitOK, s.err
}

// print prints a line: an object as JSON.
func (s *series) print(v any) {
	out := s.flags.reporter(s.w, s.parts, s.away)
	if line, ok := v.(string); ok {
		out.print(line)
	} else {
		out.object(v)
	}
	s.keep(out.err)
}

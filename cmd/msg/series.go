package main

import (
	"context"
	"slices"
	"time"

	"msg/internal/delivery"
	"msg/internal/remote"
)

// series is a message that goes to the same targets several times, with other words each
// time. It is reported like one message: results as they come, and one summary.
type series struct {
	w       world
	flags   *sendCmd
	parts   []remote.Part
	away    bool // hosts are named
	summary delivery.Summary
	hinted  map[string]bool // as a reporter's
}

func newSeries(w world, flags *sendCmd, parts []remote.Part, away bool) *series {
	return &series{w, flags, parts, away, delivery.Summary{Event: "summary", Hosts: len(parts)}, map[string]bool{}}
}

// send sends the text. An error says that nothing was sent, or that nobody reads what
// became of it.
func (s *series) send(ctx context.Context, text string) error {
	out := s.flags.reporter(s.w, s.parts, s.away)
	out.series, out.hinted = true, s.hinted
	out.interrupted = func() bool { return ctx.Err() != nil }
	parts := slices.Clone(s.parts)
	for i := range parts {
		parts[i].Request.Text = text
		parts[i].Request.Time = patience(ctx, parts[i].Request.Time)
	}
	if err := s.flags.send(ctx, s.w, parts, s.away, out); err != nil {
		return err
	}
	err := out.end()
	s.summary.Delivered += out.summary.Delivered
	s.summary.Failed += out.summary.Failed
	s.summary.Planned += out.summary.Planned
	return err
}

// patience is how long a terminal may take: not as long as to the next message, which tells
// the same, and better.
func patience(ctx context.Context, most time.Duration) time.Duration {
	if most == 0 {
		most = delivery.Patience
	}
	if next, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(next)*9/10)
	}
	return max(most, time.Millisecond)
}

// total tells what all of it comes to, and returns the exit status for that.
func (s *series) total() (status int, err error) {
	if s.flags.JSON {
		err = s.print(s.summary)
	}
	if s.summary.Failed > 0 {
		return exitNotReached, err
	}
	return exitOK, err
}

// print prints a line: an object as JSON.
func (s *series) print(v any) error {
	out := s.flags.reporter(s.w, s.parts, s.away)
	if line, ok := v.(string); ok {
		out.print(line)
	} else {
		out.object(v)
	}
	return out.err
}

package remote

import (
	"context"
	"errors"
	"sync"

	"msg/internal/message"
)

// Part is what one host gets of a message.
type Part struct {
	Host    string // as the sender wrote it
	Request message.Request
	Send    message.Send // the way there

	// Via returns the jump host on that way, by any name, or "". It is called when the
	// part's turn has come; nil stands for no jump host.
	Via func(context.Context) string
}

// FanOut limits how many hosts are at work at once.
type FanOut struct {
	Hosts int // in all
	Via   int // through one jump host
}

// Usual is the usual fan-out. A sshd takes ten connections that have not logged in yet before
// it drops some (MaxStartups in sshd_config(5)).
var Usual = FanOut{Hosts: 32, Via: 10}

// Send sends each part, and hands what comes of them to report, one at a time. All hosts
// read the same lines, each at its own pace. Each host ends in one result: Reached, or a
// failure of the host as a whole. When ctx ends, no further hosts begin.
func (f FanOut) Send(ctx context.Context, parts []Part, lines *message.Lines, report func(message.Result)) {
	var mu sync.Mutex
	out := fanOut{lines: lines, all: make(slots, f.Hosts), most: f.Via, vias: map[string]slots{}, report: func(r message.Result) {
		mu.Lock()
		defer mu.Unlock()
		report(r)
	}}
	var wait sync.WaitGroup
	for _, part := range parts {
		if !out.all.take(ctx) {
			out.report(part.result(errNotBegun))
			continue
		}
		wait.Go(func() { out.report(out.send(ctx, part)) })
	}
	wait.Wait()
}

// fanOut is one that is at work.
type fanOut struct {
	lines  *message.Lines
	all    slots
	report func(message.Result)

	most int // through one jump host
	mu   sync.Mutex
	vias map[string]slots
}

// errNotBegun is the failure of a host that nothing was tried for.
var errNotBegun = message.Fail(message.Interrupted, "interrupted before its turn came: nothing was sent")

// send holds one of all the slots, and gives it back. A host that waits for its jump host
// leaves its slot to others meanwhile. A message that stays has its slot only until its text
// is through: else other hosts would wait for the text until these have answered.
func (f *fanOut) send(ctx context.Context, p Part) message.Result {
	give := sync.OnceFunc(f.all.give)
	defer func() { give() }()
	via := ""
	if p.Via != nil {
		if via = p.Via(ctx); ctx.Err() != nil {
			return p.result(errNotBegun)
		}
	}
	if via != "" {
		through := f.through(via)
		give()
		if !through.take(ctx) {
			return p.result(errNotBegun)
		}
		f.all <- struct{}{}
		give = sync.OnceFunc(func() {
			f.all.give()
			through.give()
		})
	}
	return p.send(ctx, f.lines, func(r message.Result) {
		if r.Event == message.Open {
			give()
		}
		f.report(r)
	})
}

func (f *fanOut) through(via string) slots {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.vias[via] == nil {
		f.vias[via] = make(slots, f.most)
	}
	return f.vias[via]
}

// send has the host's part carried out. It reports a failure of the host as a whole once,
// at the end.
func (p Part) send(ctx context.Context, lines *message.Lines, report func(message.Result)) message.Result {
	var failed *message.Result
	err := p.Send(ctx, p.Request, lines, func(r message.Result) {
		if r.Event == message.Failed && r.OfHost() {
			failed = &r
			return
		}
		report(r)
	})
	if err == nil && failed != nil {
		return *failed
	}
	return p.result(err)
}

// result is what became of the host as a whole.
func (p Part) result(err error) message.Result {
	r := message.Result{Event: message.Failed, Host: p.Host}
	var failure *message.Failure
	var refused *message.Refusal
	switch {
	case err == nil:
		r.Event = message.Reached
	case errors.As(err, &failure):
		r.Reason, r.Detail, r.Hint = failure.Reason, failure.Detail, failure.Hint
	case errors.As(err, &refused): // its hint would read like ours
		r.Reason, r.Detail = message.Refused, "it says: "+refused.Problem
	default:
		r.Reason, r.Detail = message.Refused, "it says: "+err.Error()
	}
	return r
}

// slots limits how many are taken at once.
type slots chan struct{}

func (s slots) take(ctx context.Context) bool {
	if ctx.Err() != nil {
		return false
	}
	select {
	case s <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (s slots) give() { <-s }

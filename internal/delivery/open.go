package delivery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty"
)

// few is how many open files Linux has room for in each process from its start.
const few = 64

// atWork is how many terminals are opened, or written to, side by side: one that takes its
// time holds up no other. More would wait for each other in the kernel (tty_mutex).
const atWork = 2

// each calls f for each of n, a few at a time. A goroutine for each would take longer.
func (d *dispatch) each(n int, f func(i int)) {
	var next atomic.Int64
	work := func() {
		for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
			d.turns <- struct{}{}
			f(i)
			<-d.turns
		}
	}
	var others sync.WaitGroup
	for range min(n, atWork) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}

// makeRoom waits until a terminal may be opened, and returns how many of so many may be; 0 if
// that is not in time.
func (d *dispatch) makeRoom(most int, t ticket) (n int) {
	var never <-chan time.Time
	if !t.until.IsZero() {
		never = time.After(time.Until(t.until))
	}
	select {
	case d.room <- struct{}{}:
	case <-never:
		return 0
	}
	for n = 1; n < most; n++ {
		select {
		case d.room <- struct{}{}:
		default:
			return n
		}
	}
	return n
}

// attempt is a place that the message is on its way to.
type attempt struct {
	*Place
	terminal *tty.Terminal // nil if it could not be opened
	out      tty.Output    // the message, as it looks there
	written  int           // bytes of it that the terminal has taken
	err      error         // what became of it
}

// open opens terminals.
func (d *dispatch) open(ctx context.Context, places []Place, t ticket) []attempt {
	batch := make([]attempt, len(places))
	d.each(len(places), func(i int) {
		a := &batch[i]
		a.Place = &places[i]
		if a.terminal, a.err = d.openOne(ctx, a.Place, t); a.err == nil {
			d.audience.opened(a.Owner)
		}
	})
	return batch
}

func (d *dispatch) openOne(ctx context.Context, p *Place, t ticket) (*tty.Terminal, error) {
	switch {
	case ctx.Err() != nil:
		return nil, interrupted
	case t.late():
		return nil, partly(errTooLate, 0, 0)
	case p.Control && !p.Named:
		return nil, message.Fail(message.Busy, "tmux in control mode, whose panes are not to be seen")
	}
	want := d.want(p.Terminal)
	want.Text = !p.Named
	if p.Within != nil {
		within := d.want(p.Within)
		want.Within = &within
	}
	return tty.Open(want, d.Rules.Open)
}

// want is a terminal as it was when it was chosen.
func (d *dispatch) want(t *sessions.Terminal) tty.Want {
	return tty.Want{
		Path: d.Host.System.Dev + "/" + t.Name, Device: t.Device, Owner: t.Owner,
		Always: d.overrides(), Rule: d.rule(t), Lines: t.What == "" || t.Remote,
	}
}

// done closes a terminal, if it was opened, and returns what became of it: one result, or none.
func (d *dispatch) done(a *attempt) []message.Result {
	if a.terminal != nil {
		a.err = errors.Join(a.err, a.terminal.Close())
	}
	<-d.room
	// A desktop of somebody who is reached on another terminal is not where the message was
	// meant to go.
	if errors.Is(a.err, message.NoTerminal) && d.audience.asked(a.Owner) {
		return nil
	}
	return []message.Result{d.result(a)}
}

func (d *dispatch) result(a *attempt) message.Result {
	switch {
	case a.err != nil:
		return d.Host.failedPlace(a.Place, a.err)
	case d.request.DryRun:
		return d.Host.onPlace(a.Place, message.Planned)
	}
	return d.Host.onPlace(a.Place, message.Delivered)
}

var errTooLate = message.Fail(message.Stuck, "not opened within %v", openingTime)

// partly says of a failure how much of the message is on the screen.
func partly(err error, written, all int) error {
	var failure *message.Failure
	switch {
	case !errors.As(err, &failure):
		return err
	case written > 0:
		return message.Fail(failure.Reason, "%s: %d of %d bytes were written", failure.Detail, written, all)
	}
	return message.Fail(failure.Reason, "%s: nothing was written", failure.Detail)
}

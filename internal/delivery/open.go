package delivery

import (
	"context"
	"errors"
	"time"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty"
)

// few is how many open files Linux has room for in each process from its start.
const few = 64

// makeRoom waits until a terminal may be opened, and returns how many of so many may be; 0 if
// that is not in time.
func (d *dispatch) makeRoom(most int, t ticket) (n int) {
	until := time.Now().Add(d.patience() + time.Second) // those that are held are given up before
	if !t.until.IsZero() && t.until.Before(until) {
		until = t.until
	}
	select {
	case d.room <- struct{}{}:
	case <-time.After(time.Until(until)):
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

// open opens terminals. One that hangs goes on by itself, once it is open and the entry is done.
func (d *dispatch) open(ctx context.Context, places []Place, t ticket, logged *entry) (opened, hang []*attempt) {
	all := make([]attempt, len(places))
	for i := range all {
		all[i].Place = &places[i]
	}
	aside := sideBySide(len(all), func(i int) {
		a := &all[i]
		if a.terminal, a.err = d.openOne(ctx, a.Place, t); a.err == nil {
			d.audience.opened(a.Owner)
		}
	}, func(i int) {
		d.hanging.add(all[i].Owner)
		d.linger(ctx, &all[i])
	}, func(i int) {
		a := &all[i]
		d.linger(ctx, a)
		if a.err == nil {
			a.err = logged.await()
		}
		if a.err == nil && !a.settled.Load() {
			a.err = d.writeLate(a, t)
		}
		d.goOn(ctx, a)
	})
	for i := range all {
		if aside[i] {
			hang = append(hang, &all[i])
		} else {
			opened = append(opened, &all[i])
		}
	}
	return opened, hang
}

func (d *dispatch) openOne(ctx context.Context, p *Place, t ticket) (*tty.Terminal, error) {
	switch {
	case ctx.Err() != nil:
		return nil, interrupted
	case t.late():
		return nil, partly(errTooLate, 0, 0)
	case p.Hangs, d.hanging.many(p.Owner):
		return nil, partly(errHangs, 0, 0)
	case p.Control && !p.Named:
		return nil, message.Fail(message.Busy, "tmux in control mode, whose panes are not to be seen")
	}
	want := d.want(p.Terminal)
	want.Text = !p.Named
	if p.Within != nil && !p.Within.Hangs { // it may be another person's
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

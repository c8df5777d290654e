package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/tty"
)

// write writes to terminals that are open. It reports those that take the message at once, and
// has the others go on by themselves: they take longer, or more will be typed to them.
func (d *dispatch) write(ctx context.Context, opened []*attempt, t ticket) {
	hang := sideBySide(len(opened), func(i int) {
		switch a := opened[i]; {
		case a.err != nil || d.request.DryRun:
		case d.hanging.many(a.Owner):
			a.err = partly(errHangs, 0, 0)
		default:
			d.writeOne(a, t)
		}
	}, func(i int) {
		d.hanging.add(opened[i].Owner)
		d.linger(ctx, opened[i])
	}, func(i int) {
		d.linger(ctx, opened[i])
		d.goOn(ctx, opened[i])
	})
	results := make([]message.Result, 0, len(opened)) // told at once: to wake the reader for each takes longer
	settled := make([]*attempt, 0, len(opened))
	for i, a := range opened {
		switch {
		case hang[i]:
			continue
		case a.err == nil && !d.request.DryRun && (a.written < len(a.out.Data) || d.follows()):
			d.linger(ctx, a)
			go d.goOn(ctx, a)
			continue
		case a.err == nil && !d.request.DryRun:
			d.audience.reached(a.Owner, 1)
		}
		results = append(results, d.results(a, a.err)...)
		settled = append(settled, a)
	}
	d.report(results...)
	d.closeAll(settled)
}

func (d *dispatch) writeOne(a *attempt, t ticket) {
	on := a.terminal.Screen()
	a.out = d.layouts.of(&d.message, on).For(on)
	a.written, a.err = put(a.terminal, a.out, t)
}

// writeLate is writeOne for a terminal that took its time to open: its owner may have said
// something meanwhile.
func (d *dispatch) writeLate(a *attempt, t ticket) error {
	if d.request.DryRun {
		return nil
	}
	if err := a.terminal.Holds(d.rule(a.Terminal)); err != nil {
		return partly(err, 0, 0)
	}
	d.writeOne(a, t)
	return a.err
}

// follows reports whether more is typed once the text is through.
func (d *dispatch) follows() bool { return d.request.Typed && !d.request.DryRun }

// put writes what a terminal takes at once, unless it is too late for that. It returns how
// many bytes that is.
func put(terminal *tty.Terminal, out tty.Output, t ticket) (int, error) {
	if t.late() {
		return 0, errTooLate
	}
	written, err := terminal.Write(out)
	if errors.Is(err, tty.ErrWouldBlock) {
		return written, nil
	}
	return written, partly(err, written, len(out.Data))
}

// layouts is a message laid out once for each kind of screen.
type layouts struct{ sync.Map }

func (l *layouts) of(m *banner.Message, on tty.Screen) banner.Layout {
	kind := tty.Screen{Columns: on.Columns, UTF8: on.UTF8}
	layout, ok := l.Load(kind)
	if !ok {
		layout, _ = l.LoadOrStore(kind, m.Layout(kind)) // another may do the same meanwhile; neither waits
	}
	return layout.(banner.Layout)
}

// stayOne waits until a terminal has the text, and then for what is typed.
func (d *dispatch) stayOne(ctx context.Context, a *attempt) {
	if a.err = d.complete(ctx, a, a.out, a.written); a.err != nil || a.settled.Load() {
		return
	}
	d.audience.reached(a.Owner, 1)
	if !d.follows() {
		return
	}
	a.stopWatching()
	a.through()
	if a.err = d.follow(ctx, a); a.err != nil {
		d.audience.reached(a.Owner, -1)
	}
}

// finish waits until all terminals are done.
func (d *dispatch) finish(ctx context.Context) {
	d.text.Wait()
	if d.request.Stays() {
		d.sayOpen()
	}
	ctx, enough := context.WithCancel(ctx)
	var admitting sync.WaitGroup
	if d.follows() {
		admitting.Go(func() { d.typed.end(d.admit(ctx)) })
	}
	d.slow.Wait()
	enough()
	admitting.Wait()
}

func (d *dispatch) sayOpen() { d.report(message.Result{Event: message.Open, Host: d.Host.Name}) }

// complete writes what a terminal has not taken at once.
func (d *dispatch) complete(ctx context.Context, a *attempt, out tty.Output, written int) error {
	if written == len(out.Data) {
		return nil
	}
	more, err := a.terminal.WriteWithin(ctx, out.From(written), time.Now().Add(d.patience()))
	return partly(err, max(written+more, a.terminal.Half()), len(out.Data))
}

// noticeable is how long a person waits without asking why.
const noticeable = time.Second

func (d *dispatch) patience() time.Duration {
	if d.request.Time > 0 {
		return d.request.Time
	}
	return message.Patience
}

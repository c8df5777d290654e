package delivery

import (
	"context"
	"errors"
	"sync"
	"time"

	"msg/internal/message"
	"msg/internal/tty"
)

// stay has each terminal wait by itself until it has the text, and then for what is typed.
func (d *dispatch) stay(ctx context.Context, longer []*attempt) {
	d.text.Add(len(longer))
	for _, a := range longer {
		d.slow.Go(func() {
			through := sync.OnceFunc(d.text.Done)
			defer through() // behind its result
			d.stayOne(ctx, a, through)
			d.done(a)
		})
	}
}

func (d *dispatch) stayOne(ctx context.Context, a *attempt, through func()) {
	if a.err = d.complete(ctx, a, a.out, a.written); a.err != nil {
		return
	}
	d.audience.reached(a.Owner, 1)
	if !d.follows() {
		return
	}
	through()
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
	more, err := d.writeHeld(ctx, a, out.From(written))
	return partly(err, max(written+more, a.terminal.Half()), len(out.Data))
}

// noticeable is how long a person waits without asking why.
const noticeable = time.Second

// writeHeld writes to a terminal that is held, or slow. If that takes long, it says so.
func (d *dispatch) writeHeld(ctx context.Context, a *attempt, out tty.Output) (int, error) {
	start, patience := time.Now(), d.patience()
	written := 0
	if patience > noticeable {
		n, err := a.terminal.WriteWithin(ctx, out, start.Add(noticeable))
		if !errors.Is(err, message.Stuck) || ctx.Err() != nil {
			return n, err
		}
		written = n
		d.report(d.Host.onPlace(a.Place, message.Waiting))
	}
	n, err := a.terminal.WriteWithin(ctx, out.From(written), start.Add(patience))
	return written + n, err
}

func (d *dispatch) patience() time.Duration {
	if d.request.Time > 0 {
		return d.request.Time
	}
	return message.Patience
}

package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"

	"msg/internal/sessions"
	"msg/internal/tty"
)

// write writes the message to all terminals side by side, and reports each as
// it is done. It calls opened when the last of them has been opened.
func (e *Engine) write(ctx context.Context, r Request, m tty.Message, terminals []sessions.Terminal, opened func(), report func(Result)) {
	round := round{
		engine: e, request: r, message: m, rendered: map[tty.Screen][]byte{},
		busy: make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		open: make(chan struct{}, openFiles()),
	}
	if e.Policy != nil {
		round.until = time.Now().Add(openingTime)
	}
	// Room for all, so that a reader of results who stops reading (a terminal
	// held by Ctrl-S, a full pipe) holds up no terminal.
	results := make(chan Result, 2*len(terminals))
	round.results = results
	go func() {
		defer close(results)
		var all, opening sync.WaitGroup
		for _, t := range terminals {
			if !round.room() {
				results <- e.failedTerminal(t, errTooLate)
				continue
			}
			opening.Add(1)
			all.Go(func() {
				defer func() { <-round.open }()
				results <- round.deliver(ctx, t, opening.Done)
			})
		}
		opening.Wait()
		opened()
		all.Wait()
	}()
	for result := range results {
		report(result)
	}
}

// round is one message on its way to its terminals.
type round struct {
	engine  *Engine
	request Request
	message tty.Message
	results chan<- Result

	busy chan struct{} // bounds those that work, not those that wait for a terminal
	open chan struct{} // bounds the terminals open at once

	// until is when the last terminal has to be open: what has been counted is
	// to go out now, not together with what its sender sends in the next hours. It
	// is zero for a sender who is not counted.
	until time.Time

	mu       sync.Mutex
	rendered map[tty.Screen][]byte
}

// openingTime is thousands of times what opening all terminals takes. Where it
// passes, the sender lets few be open at once and holds those, or has stopped this
// process.
const openingTime = 10 * time.Second

var errTooLate = &tty.Failure{Reason: tty.Stuck, Detail: fmt.Sprintf("not opened within %v: nothing was written", openingTime)}

func (d *round) late() bool { return !d.until.IsZero() && time.Now().After(d.until) }

// room waits for a place among the terminals that are open, and reports whether
// there is one in time.
func (d *round) room() bool {
	if d.until.IsZero() {
		d.open <- struct{}{}
		return true
	}
	timer := time.NewTimer(time.Until(d.until))
	defer timer.Stop()
	select {
	case d.open <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

func (d *round) deliver(ctx context.Context, t sessions.Terminal, opened func()) Result {
	err := d.try(ctx, t, opened)
	switch {
	case err != nil:
		return d.engine.failedTerminal(t, err)
	case d.request.DryRun:
		return d.engine.onTerminal(t, Planned)
	}
	return d.engine.onTerminal(t, Delivered)
}

// try opens, writes and closes one terminal. Only while it needs no waiting
// does it take one of the places at work, so that a held terminal holds up no
// other.
func (d *round) try(ctx context.Context, t sessions.Terminal, opened func()) (err error) {
	d.busy <- struct{}{}
	working := true
	release := func() {
		if working {
			<-d.busy
			working = false
		}
	}
	defer release()
	terminal, err := d.openOne(ctx, t)
	opened()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, terminal.Close()) }()
	if d.request.DryRun {
		return nil
	}
	data := d.render(terminal.Screen())
	if d.late() {
		return errTooLate
	}
	written, err := terminal.Write(data)
	if !errors.Is(err, tty.ErrWouldBlock) {
		return partly(err, written, len(data))
	}
	release()
	more, err := d.wait(ctx, t, terminal, data[written:])
	return partly(err, written+more, len(data))
}

func (d *round) openOne(ctx context.Context, t sessions.Terminal) (*tty.Terminal, error) {
	if ctx.Err() != nil {
		return nil, &tty.Failure{Reason: tty.Stuck, Detail: "interrupted: nothing was written"}
	}
	return tty.Open(tty.Want{
		Path: d.engine.System.Dev + "/" + t.Name, Device: t.Device, Owner: t.Owner,
		Always: d.engine.root() && !d.request.Polite,
	})
}

// noticeable is how long a person waits without asking why.
const noticeable = time.Second

// wait writes to a terminal that is held, or slow. Where that takes long, it
// says so.
func (d *round) wait(ctx context.Context, t sessions.Terminal, terminal *tty.Terminal, data []byte) (int, error) {
	start := time.Now()
	written := 0
	if d.patience() > noticeable {
		n, err := terminal.WriteWithin(ctx, data, start.Add(noticeable))
		if !errors.Is(err, tty.Stuck) || ctx.Err() != nil {
			return n, err
		}
		written = n
		d.results <- d.engine.onTerminal(t, Waiting)
	}
	n, err := terminal.WriteWithin(ctx, data[written:], start.Add(d.patience()))
	return written + n, err
}

func (d *round) patience() time.Duration {
	if d.request.Time > 0 {
		return d.request.Time
	}
	return Patience
}

// partly says of a failure how much of the message is on the screen.
func partly(err error, written, all int) error {
	var failure *tty.Failure
	switch {
	case !errors.As(err, &failure):
		return err
	case written > 0:
		return &tty.Failure{
			Reason: failure.Reason, Detail: fmt.Sprintf("%s: %d of %d bytes were written", failure.Detail, written, all),
		}
	}
	return &tty.Failure{Reason: failure.Reason, Detail: failure.Detail + ": nothing was written"}
}

// render lays the message out once for each kind of screen.
func (d *round) render(on tty.Screen) []byte {
	d.mu.Lock()
	data, ok := d.rendered[on]
	d.mu.Unlock()
	if ok {
		return data
	}
	data = d.message.Render(on) // another may do the same meanwhile; neither waits
	d.mu.Lock()
	d.rendered[on] = data
	d.mu.Unlock()
	return data
}

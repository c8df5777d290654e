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

// round is one message on its way to its terminals: all are opened, then all are
// written to, side by side.
type round struct {
	engine  *Engine
	request Request
	message tty.Message
	results chan Result

	// opened is called when the last terminal has been opened; begin before the
	// first is written to, with what came of those opened until then.
	opened func()
	begin  func([]Result)

	busy chan struct{} // bounds those that work, not those that wait for a terminal
	room chan struct{} // bounds the terminals open at once
	open sync.WaitGroup
	gate chan struct{} // closed when the writing may begin

	// until is when the last terminal has to be open: what has been counted is
	// to go out now, not together with what its sender sends in the next hours. It
	// is zero for a sender who is not counted.
	until time.Time

	mu       sync.Mutex
	first    []Result // what came of opening, until the gate is open
	rendered map[tty.Screen][]byte
}

func (e *Engine) newRound(r Request, m tty.Message, terminals int) *round {
	d := &round{
		engine: e, request: r, message: m, rendered: map[tty.Screen][]byte{},
		// Room for all, so that a reader of results who stops reading (a terminal
		// held by Ctrl-S, a full pipe) holds up no terminal.
		results: make(chan Result, 2*terminals),
		busy:    make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		room:    make(chan struct{}, openFiles()),
		gate:    make(chan struct{}),
	}
	return d
}

// write reports each terminal as it is done.
func (d *round) write(ctx context.Context, terminals []sessions.Terminal, report func(Result)) {
	go func() {
		defer close(d.results)
		d.start(ctx, terminals)
	}()
	for result := range d.results {
		report(result)
	}
}

func (d *round) start(ctx context.Context, terminals []sessions.Terminal) {
	var all sync.WaitGroup
	begin := sync.OnceFunc(func() {
		d.mu.Lock()
		first := d.first
		d.mu.Unlock()
		if !d.request.DryRun {
			d.begin(first)
		}
		close(d.gate)
	})
	for i, t := range terminals {
		if i == cap(d.room) { // there is no room for more before some are written to
			d.open.Wait()
			begin()
		}
		if !d.makeRoom() {
			d.results <- d.engine.failedTerminal(t, partly(errTooLate, 0, 0))
			continue
		}
		d.open.Add(1)
		all.Go(func() {
			defer func() { <-d.room }()
			d.results <- d.result(t, d.try(ctx, t))
		})
	}
	d.open.Wait()
	d.opened()
	begin()
	all.Wait()
}

// openingTime is thousands of times what opening all terminals takes. Where it
// passes, the sender lets few be open at once and holds those, or has stopped this
// process.
const openingTime = 10 * time.Second

var errTooLate = &tty.Failure{Reason: tty.Stuck, Detail: fmt.Sprintf("not opened within %v", openingTime)}

func (d *round) late() bool { return !d.until.IsZero() && time.Now().After(d.until) }

// makeRoom waits for a place among the terminals that are open, and reports whether
// there is one in time.
func (d *round) makeRoom() bool {
	if d.until.IsZero() {
		d.room <- struct{}{}
		return true
	}
	timer := time.NewTimer(time.Until(d.until))
	defer timer.Stop()
	select {
	case d.room <- struct{}{}:
		return true
	case <-timer.C:
		return false
	}
}

func (d *round) result(t sessions.Terminal, err error) Result {
	switch {
	case err != nil:
		return d.engine.failedTerminal(t, err)
	case d.request.DryRun:
		return d.engine.onTerminal(t, Planned)
	}
	return d.engine.onTerminal(t, Delivered)
}

// work does something that needs no waiting, in one of the places for that. So a
// held terminal holds up no other.
func (d *round) work(do func()) {
	d.busy <- struct{}{}
	defer func() { <-d.busy }()
	do()
}

// try opens, writes and closes one terminal.
func (d *round) try(ctx context.Context, t sessions.Terminal) (err error) {
	var terminal *tty.Terminal
	d.work(func() { terminal, err = d.openOne(ctx, t) })
	d.mu.Lock()
	d.first = append(d.first, d.result(t, err))
	d.mu.Unlock()
	d.open.Done()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, terminal.Close()) }()
	if d.request.DryRun {
		return nil
	}
	<-d.gate
	var data []byte
	var written int
	d.work(func() {
		if data = d.render(terminal.Screen()); d.late() {
			err = errTooLate
			return
		}
		written, err = terminal.Write(data)
	})
	if !errors.Is(err, tty.ErrWouldBlock) {
		return partly(err, written, len(data))
	}
	more, err := d.wait(ctx, t, terminal, data[written:])
	return partly(err, written+more, len(data))
}

func (d *round) openOne(ctx context.Context, t sessions.Terminal) (*tty.Terminal, error) {
	if ctx.Err() != nil {
		return nil, interrupted
	}
	if d.late() {
		return nil, partly(errTooLate, 0, 0)
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

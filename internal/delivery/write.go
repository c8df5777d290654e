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

	// shown is called when a terminal is open, and will be written to, with 0; when it has
	// the message, with 1; and with -1 when what was typed later has not come to it.
	shown func(owner uint32, terminals int)

	// typed is what comes after the text; nil where that is all.
	typed *typed
	first sync.WaitGroup // until all have the text, or have failed

	busy chan struct{} // bounds those that work, not those that wait for a terminal
	room chan struct{} // bounds the terminals open at once
	open sync.WaitGroup
	gate chan struct{} // closed when the writing may begin

	// until is when the last terminal has to be open: what has been counted is
	// to go out now, not together with what its sender sends in the next hours. It
	// is zero for a sender who is not counted.
	until time.Time

	mu       sync.Mutex
	opening  []Result        // what came of it, until the gate is open
	owners   map[uint32]bool // of the terminals that are written to
	rendered map[tty.Screen]tty.Layout
}

func (e *Engine) newRound(r Request, m tty.Message, places int) *round {
	d := &round{
		engine: e, request: r, message: m, rendered: map[tty.Screen]tty.Layout{}, owners: map[uint32]bool{},
		// Room for all, so that a reader of results who stops reading (a terminal
		// held by Ctrl-S, a full pipe) holds up no terminal.
		results: make(chan Result, 2*places+1),
		busy:    make(chan struct{}, 2*runtime.GOMAXPROCS(0)),
		room:    make(chan struct{}, openFiles()),
		gate:    make(chan struct{}),
		shown:   func(uint32, int) {},
	}
	if r.Lines != nil && r.stays() {
		d.typed = newTyped()
	}
	return d
}

// stays reports whether there is more to come once the text is through.
func (r Request) stays() bool { return !r.DryRun && (r.Wait || r.Lines != nil) }

// write reports each terminal as it is done.
func (d *round) write(ctx context.Context, places []Place, report func(Result)) {
	go func() {
		defer close(d.results)
		d.start(ctx, places)
	}()
	for result := range d.results {
		report(result)
	}
}

func (d *round) start(ctx context.Context, places []Place) {
	var all sync.WaitGroup
	begin := sync.OnceFunc(func() {
		d.mu.Lock()
		opening := d.opening
		d.mu.Unlock()
		if !d.request.DryRun {
			d.begin(opening)
		}
		close(d.gate)
	})
	for i := range places {
		p := &places[i]
		if i == cap(d.room) { // there is no room for more before some are written to
			d.open.Wait()
			begin()
		}
		if !d.makeRoom() {
			d.results <- d.engine.failedPlace(p, partly(errTooLate, 0, 0))
			continue
		}
		d.open.Add(1)
		d.first.Add(1)
		all.Go(func() {
			defer func() { <-d.room }()
			through := sync.OnceFunc(d.first.Done)
			defer through()
			if err := d.try(ctx, p, through); err != errNoPlace {
				d.results <- d.result(p, err)
			}
		})
	}
	d.open.Wait()
	d.opened()
	begin()
	d.first.Wait()
	if d.request.stays() {
		d.results <- Result{Event: Open, Host: d.engine.Host}
	}
	if d.typed != nil {
		ctx, enough := context.WithCancel(ctx)
		var taking sync.WaitGroup
		taking.Go(func() { d.take(ctx, func(r Result) { d.results <- r }) })
		defer taking.Wait()
		defer enough()
	}
	all.Wait()
}

// openingTime is thousands of times what opening all terminals takes. Where it
// passes, the sender lets few be open at once and holds those, or has stopped this
// process.
const openingTime = 10 * time.Second

var errTooLate = &tty.Failure{Reason: tty.Stuck, Detail: fmt.Sprintf("not opened within %v", openingTime)}

// late reports whether it is after that time, if there is one.
func late(until time.Time) bool { return !until.IsZero() && time.Now().After(until) }

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

func (d *round) result(p *Place, err error) Result {
	switch {
	case err != nil:
		return d.engine.failedPlace(p, err)
	case d.request.DryRun:
		return d.engine.onPlace(p, Planned)
	}
	return d.engine.onPlace(p, Delivered)
}

// work does something that needs no waiting, in one of the places for that. So a
// held terminal holds up no other.
func (d *round) work(do func()) {
	d.busy <- struct{}{}
	defer func() { <-d.busy }()
	do()
}

// try opens, writes and closes one terminal. It calls through when it has the text, and
// more may be typed.
func (d *round) try(ctx context.Context, p *Place, through func()) (err error) {
	var terminal *tty.Terminal
	d.work(func() { terminal, err = d.openOne(ctx, p) })
	if d.note(p, err); err == nil {
		d.shown(p.Owner, 0)
	}
	d.open.Done()
	if errors.Is(err, tty.NoText) {
		<-d.gate
		if d.reached(p.Owner) {
			return errNoPlace
		}
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, terminal.Close()) }()
	if d.request.DryRun {
		return nil
	}
	<-d.gate
	render := func() []byte { return d.render(terminal.Screen()) }
	if err := d.put(ctx, p, terminal, d.until, render); err != nil {
		return err
	}
	d.shown(p.Owner, 1)
	if d.typed == nil {
		return nil
	}
	through()
	if err := d.follow(ctx, p, terminal); err != nil {
		d.shown(p.Owner, -1)
		return err
	}
	return nil
}

// put writes what is rendered to a terminal, unless it is too late for that.
func (d *round) put(ctx context.Context, p *Place, terminal *tty.Terminal, until time.Time, render func() []byte) (err error) {
	var data []byte
	var written int
	d.work(func() {
		if data = render(); late(until) {
			err = errTooLate
			return
		}
		written, err = terminal.Write(data)
	})
	if !errors.Is(err, tty.ErrWouldBlock) {
		return partly(err, written, len(data))
	}
	more, err := d.wait(ctx, p, terminal, data[written:])
	return partly(err, written+more, len(data))
}

// errNoPlace is a desktop of somebody who is reached on another terminal: it is not
// where the message was meant to go.
var errNoPlace = errors.New("no place")

// note keeps what came of opening a terminal. What shows a desktop is not among the
// first results: whether it is one at all is known when all are open.
func (d *round) note(p *Place, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if err == nil {
		d.owners[p.Owner] = true
	}
	if !errors.Is(err, tty.NoText) {
		d.opening = append(d.opening, d.result(p, err))
	}
}

// reached reports whether a terminal of that owner is being written to.
func (d *round) reached(owner uint32) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.owners[owner]
}

func (d *round) openOne(ctx context.Context, p *Place) (*tty.Terminal, error) {
	if ctx.Err() != nil {
		return nil, interrupted
	}
	if late(d.until) {
		return nil, partly(errTooLate, 0, 0)
	}
	if p.Control && !p.Named {
		return nil, &tty.Failure{Reason: tty.Busy, Detail: "tmux in control mode, whose panes are not to be seen"}
	}
	want := d.want(p.Terminal)
	want.Text = !p.Named
	if within := p.Within; within != nil {
		inner := d.want(within)
		want.Within = &inner
	}
	return tty.Open(want)
}

// want is a terminal as it was when it was chosen.
func (d *round) want(t *sessions.Terminal) tty.Want {
	return tty.Want{
		Path: d.engine.System.Dev + "/" + t.Name, Device: t.Device, Owner: t.Owner,
		Always: d.engine.root() && !d.request.Polite, Lines: t.What == "" || t.Remote,
	}
}

// noticeable is how long a person waits without asking why.
const noticeable = time.Second

// wait writes to a terminal that is held, or slow. Where that takes long, it
// says so.
func (d *round) wait(ctx context.Context, p *Place, terminal *tty.Terminal, data []byte) (int, error) {
	start := time.Now()
	written := 0
	if d.patience() > noticeable {
		n, err := terminal.WriteWithin(ctx, data, start.Add(noticeable))
		if !errors.Is(err, tty.Stuck) || ctx.Err() != nil {
			return n, err
		}
		written = n
		d.results <- d.engine.onPlace(p, Waiting)
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
	kind := tty.Screen{Columns: on.Columns, UTF8: on.UTF8}
	d.mu.Lock()
	layout, ok := d.rendered[kind]
	d.mu.Unlock()
	if !ok {
		layout = d.message.Layout(kind) // another may do the same meanwhile; neither waits
		d.mu.Lock()
		d.rendered[kind] = layout
		d.mu.Unlock()
	}
	return layout.For(on)
}

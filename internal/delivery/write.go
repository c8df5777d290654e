package delivery

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty"
)

// round is one message on its way to its terminals: all are opened, then all are
// written to. Those that take it at once are done by few, one after the other; each that
// has to be waited for, because it is held, or as more is typed, waits by itself.
type round struct {
	engine  *Engine
	request message.Request
	message banner.Message
	results chan message.Result

	// opened is called when the last terminal has been opened; begin before the
	// first is written to, with what came of those opened until then.
	opened func()
	begin  func([]message.Result)

	// shown is called when a terminal is open, and will be written to, with 0; when it has
	// the message, with 1; and with -1 when what was typed later has not come to it.
	shown func(owner uint32, terminals int)

	// typed is what comes after the text; nil where that is all.
	typed *typed

	busy  chan struct{}  // bounds those that work, not those that wait for a terminal
	room  chan struct{}  // bounds the terminals open at once
	waits int            // how many terminals wait by themselves
	slow  sync.WaitGroup // until these are done
	text  sync.WaitGroup // until they have the text, or have failed

	// until is when the last terminal has to be open: what has been counted is
	// to go out now, not together with what its sender sends in the next hours. It
	// is zero for a sender who is not counted.
	until time.Time

	owners map[uint32]bool // of the terminals that are written to

	mu       sync.Mutex
	rendered map[tty.Screen]banner.Layout
}

// few is how many open files Linux has room for in each process from its start.
const few = 64

// atWork is how many terminals are opened, or written to, side by side: one that takes its
// time holds up no other. More than that wait for each other in the kernel (tty_mutex).
const atWork = 2

func (e *Engine) newRound(r message.Request, m banner.Message, places int) *round {
	d := &round{
		engine: e, request: r, message: m, rendered: map[tty.Screen]banner.Layout{}, owners: map[uint32]bool{},
		// Room for all, so that a reader of results who stops reading (a terminal
		// held by Ctrl-S, a full pipe) holds up no terminal.
		results: make(chan message.Result, 2*places+1),
		busy:    make(chan struct{}, atWork),
		room:    make(chan struct{}, openFiles()),
		shown:   func(uint32, int) {},
	}
	if r.Lines != nil && r.Stays() {
		d.typed = newTyped()
	}
	return d
}

// write reports each terminal as it is done; those that take the message at once when all
// of these are, unless there are more than may be open.
func (d *round) write(ctx context.Context, places []Place, report func(message.Result)) {
	atOnce := len(places) <= cap(d.room)
	if atOnce {
		d.start(ctx, places)
	}
	if atOnce && d.waits == 0 && !d.request.Stays() {
		close(d.results) // nothing goes on meanwhile
	} else {
		go func() {
			defer close(d.results)
			if !atOnce {
				d.start(ctx, places)
			}
			d.goOn(ctx)
		}()
	}
	for result := range d.results {
		report(result)
	}
}

// start opens all terminals and writes what they take at once.
func (d *round) start(ctx context.Context, places []Place) {
	begun := false
	begin := func(opening []message.Result) {
		if !begun && !d.request.DryRun {
			d.begin(opening)
		}
		begun = true
	}
	for len(places) > 0 {
		n := d.makeRoom(len(places))
		if n == 0 {
			break
		}
		now := d.open(ctx, places[:n])
		if places = places[n:]; len(places) == 0 {
			d.opened()
		}
		begin(d.note(now))
		d.writeAll(ctx, now)
	}
	if len(places) > 0 { // it is too late for these
		d.opened()
		begin(nil)
	}
	for i := range places {
		d.results <- d.engine.failedPlace(&places[i], partly(errTooLate, 0, 0))
	}
}

// goOn waits for the terminals that are not done, and for what is typed to them.
func (d *round) goOn(ctx context.Context) {
	d.text.Wait()
	if d.request.Stays() {
		d.results <- message.Result{Event: message.Open, Host: d.engine.Host}
	}
	if d.typed != nil {
		ctx, enough := context.WithCancel(ctx)
		var taking sync.WaitGroup
		taking.Go(func() { d.take(ctx, func(r message.Result) { d.results <- r }) })
		defer taking.Wait()
		defer enough()
	}
	d.slow.Wait()
}

// openingTime is thousands of times what opening all terminals takes. Where it
// passes, the sender lets few be open at once and holds those, or has stopped this
// process.
const openingTime = 10 * time.Second

var errTooLate = &message.Failure{Reason: message.Stuck, Detail: fmt.Sprintf("not opened within %v", openingTime)}

// late reports whether it is after that time, if there is one.
func late(until time.Time) bool { return !until.IsZero() && time.Now().After(until) }

// makeRoom waits until a terminal may be opened, and returns how many of so many may be:
// none where that is not in time.
func (d *round) makeRoom(most int) (n int) {
	var never <-chan time.Time
	if !d.until.IsZero() {
		timer := time.NewTimer(time.Until(d.until))
		defer timer.Stop()
		never = timer.C
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

// attempt is a place that the message is on its way to: whether its terminal was opened, and
// what came of that.
type attempt struct {
	*Place
	terminal *tty.Terminal
	err      error
}

// open opens terminals, side by side.
func (d *round) open(ctx context.Context, places []Place) []attempt {
	all := make([]attempt, len(places))
	d.each(len(places), func(i int) {
		t := &all[i]
		t.Place = &places[i]
		if t.terminal, t.err = d.openOne(ctx, t.Place); t.err == nil {
			d.shown(t.Owner, 0)
		}
	})
	return all
}

// each does something for each of so many, a few at a time.
func (d *round) each(n int, do func(i int)) {
	var next atomic.Int64
	work := func() {
		d.work(func() {
			for i := int(next.Add(1)); i <= n; i = int(next.Add(1)) {
				do(i - 1)
			}
		})
	}
	var others sync.WaitGroup
	for range min(n, cap(d.busy)) - 1 {
		others.Go(work)
	}
	work()
	others.Wait()
}

// work does something that needs no waiting, in one of the places for that. So a
// held terminal holds up no other.
func (d *round) work(do func()) {
	d.busy <- struct{}{}
	defer func() { <-d.busy }()
	do()
}

// note keeps who is written to, and returns what came of opening the terminals. What shows
// a desktop is not among that: whether it is a place at all is known when all are open.
func (d *round) note(all []attempt) []message.Result {
	opening := make([]message.Result, 0, len(all))
	for i := range all {
		t := &all[i]
		if t.err == nil {
			d.owners[t.Owner] = true
		}
		if !errors.Is(t.err, message.NoTerminal) {
			opening = append(opening, d.result(t.Place, t.err))
		}
	}
	return opening
}

// writeAll writes to terminals that are open. It returns when those are done that take the
// message at once.
func (d *round) writeAll(ctx context.Context, all []attempt) {
	waits := make([]bool, len(all))
	d.each(len(all), func(i int) { waits[i] = d.writeOne(ctx, &all[i]) })
	for i := range all {
		if waits[i] {
			d.waits++
		} else {
			d.done(&all[i])
		}
	}
}

// done closes a terminal, unless that was not opened, and reports it.
func (d *round) done(t *attempt) {
	if t.terminal != nil {
		t.err = errors.Join(t.err, t.terminal.Close())
	}
	<-d.room
	// A desktop of somebody who is reached on another terminal is not where the message was
	// meant to go.
	if !errors.Is(t.err, message.NoTerminal) || !d.owners[t.Owner] {
		d.results <- d.result(t.Place, t.err)
	}
}

func (d *round) result(p *Place, err error) message.Result {
	switch {
	case err != nil:
		return d.engine.failedPlace(p, err)
	case d.request.DryRun:
		return d.engine.onPlace(p, message.Planned)
	}
	return d.engine.onPlace(p, message.Delivered)
}

// writeOne writes what a terminal takes at once, and reports whether it is waited for.
func (d *round) writeOne(ctx context.Context, t *attempt) (waits bool) {
	if t.err != nil || d.request.DryRun {
		return false
	}
	var rest pending
	rest, t.err = d.put(t.terminal, d.until, func() tty.Output { return d.render(t.terminal.Screen()) })
	if waits = rest.rest.Data != nil || t.err == nil && d.typed != nil; !waits {
		if t.err == nil {
			d.shown(t.Owner, 1)
		}
		return false
	}
	d.text.Add(1)
	d.slow.Go(func() {
		through := sync.OnceFunc(d.text.Done)
		defer through() // behind its result
		d.stay(ctx, t, rest, through)
		d.done(t)
	})
	return true
}

// stay waits until a terminal has the text, and then for what is typed.
func (d *round) stay(ctx context.Context, t *attempt, rest pending, through func()) {
	if t.err = d.finish(ctx, t.Place, t.terminal, rest); t.err != nil {
		return
	}
	d.shown(t.Owner, 1)
	if d.typed == nil {
		return
	}
	through()
	if t.err = d.follow(ctx, t.Place, t.terminal); t.err != nil {
		d.shown(t.Owner, -1)
	}
}

// pending is what a terminal has not taken.
type pending struct {
	rest    tty.Output // without Data where it has taken all
	written int        // bytes before that
}

// put writes what a terminal takes at once of what is rendered, unless it is too late for that.
func (d *round) put(terminal *tty.Terminal, until time.Time, render func() tty.Output) (pending, error) {
	out := render()
	if late(until) {
		return pending{}, errTooLate
	}
	written, err := terminal.Write(out)
	if errors.Is(err, tty.ErrWouldBlock) {
		return pending{out.From(written), written}, nil
	}
	return pending{}, partly(err, written, len(out.Data))
}

// finish writes what a terminal has not taken at once.
func (d *round) finish(ctx context.Context, p *Place, terminal *tty.Terminal, rest pending) error {
	if rest.rest.Data == nil {
		return nil
	}
	more, err := d.wait(ctx, p, terminal, rest.rest)
	return partly(err, max(rest.written+more, terminal.Half()), rest.written+len(rest.rest.Data))
}

func (d *round) openOne(ctx context.Context, p *Place) (*tty.Terminal, error) {
	if ctx.Err() != nil {
		return nil, interrupted
	}
	if late(d.until) {
		return nil, partly(errTooLate, 0, 0)
	}
	if p.Control && !p.Named {
		return nil, &message.Failure{Reason: message.Busy, Detail: "tmux in control mode, whose panes are not to be seen"}
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
func (d *round) wait(ctx context.Context, p *Place, terminal *tty.Terminal, out tty.Output) (int, error) {
	start := time.Now()
	written := 0
	if d.patience() > noticeable {
		n, err := terminal.WriteWithin(ctx, out, start.Add(noticeable))
		if !errors.Is(err, message.Stuck) || ctx.Err() != nil {
			return n, err
		}
		written = n
		d.results <- d.engine.onPlace(p, message.Waiting)
	}
	n, err := terminal.WriteWithin(ctx, out.From(written), start.Add(d.patience()))
	return written + n, err
}

func (d *round) patience() time.Duration {
	if d.request.Time > 0 {
		return d.request.Time
	}
	return message.Patience
}

// partly says of a failure how much of the message is on the screen.
func partly(err error, written, all int) error {
	var failure *message.Failure
	switch {
	case !errors.As(err, &failure):
		return err
	case written > 0:
		return &message.Failure{
			Reason: failure.Reason, Detail: fmt.Sprintf("%s: %d of %d bytes were written", failure.Detail, written, all),
		}
	}
	return &message.Failure{Reason: failure.Reason, Detail: failure.Detail + ": nothing was written"}
}

// render lays the message out once for each kind of screen.
func (d *round) render(on tty.Screen) tty.Output {
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

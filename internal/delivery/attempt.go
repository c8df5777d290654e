package delivery

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"msg/internal/message"
	"msg/internal/tty"
)

// attempt is a place that the message is on its way to. One goroutine at a time works on it: the
// stage's, or its own once it lingers.
type attempt struct {
	*Place
	terminal *tty.Terminal // nil if it could not be opened
	out      tty.Output    // the message, as it looks there
	written  int           // bytes of it that the terminal has taken
	err      error         // what became of it

	settled atomic.Bool // it has its result
	lingers sync.Once
	through func()      // tells that it waits no longer for the text
	notice  *time.Timer // announces that it takes long
	watch   *time.Timer // settles it if it hangs
	unwatch func() bool // stops waiting for the sender to give up

	telling   sync.Mutex // no news after the result
	announced bool
}

// grace is how much longer than it may an attempt takes before it counts as hanging.
const grace = 5 * hangTime

var errHangs = message.Fail(message.Stuck, "it hangs")

// linger has an attempt go on by itself. Whatever it hangs in, it is settled when its patience is
// over, or when the sender gives up.
func (d *dispatch) linger(ctx context.Context, a *attempt) {
	a.lingers.Do(func() {
		a.telling.Lock()
		defer a.telling.Unlock()
		d.text.Add(1)
		d.slow.Add(1)
		a.through = sync.OnceFunc(d.text.Done)
		a.notice = time.AfterFunc(noticeable, func() { d.announce(a) })
		a.watch = time.AfterFunc(d.patience()+grace, func() {
			if ctx.Err() != nil {
				d.settle(a, interrupted)
			} else {
				d.settle(a, errHangs)
			}
		})
		a.unwatch = context.AfterFunc(ctx, func() { a.watch.Reset(grace) })
	})
}

// goOn stays with a terminal that lingers until it has all, settles it and closes it.
func (d *dispatch) goOn(ctx context.Context, a *attempt) {
	if a.err == nil && !d.request.DryRun && !a.settled.Load() {
		d.stayOne(ctx, a)
	}
	d.settle(a, a.err)
	d.close(a)
}

// expect watches what the terminal is to take next.
func (a *attempt) expect(patience time.Duration) {
	a.telling.Lock()
	defer a.telling.Unlock()
	a.announced = false
	a.notice.Reset(noticeable)
	a.watch.Reset(patience + grace)
}

// stopWatching is for a terminal that has all.
func (a *attempt) stopWatching() {
	a.telling.Lock()
	defer a.telling.Unlock()
	a.announced = true
	a.notice.Stop()
	a.watch.Stop()
}

// announce tells, once, that the message waits for a terminal.
func (d *dispatch) announce(a *attempt) {
	a.telling.Lock()
	defer a.telling.Unlock()
	if !a.settled.Load() && !a.announced {
		a.announced = true
		d.report(d.Host.onPlace(a.Place, message.Waiting))
	}
}

// settle tells, once, what has become of an attempt that lingers.
func (d *dispatch) settle(a *attempt, err error) { d.end(a, func() { d.report(d.results(a, err)...) }) }

// end ends, once, an attempt that lingers.
func (d *dispatch) end(a *attempt, tell func()) {
	a.telling.Lock()
	defer a.telling.Unlock()
	if !a.settled.CompareAndSwap(false, true) {
		return
	}
	a.notice.Stop()
	a.watch.Stop()
	a.unwatch()
	tell()
	a.through() // behind its result
	d.slow.Done()
}

// results returns what became of an attempt: one result, or none. A desktop of somebody who is
// reached on another terminal is not where the message was meant to go.
func (d *dispatch) results(a *attempt, err error) []message.Result {
	if errors.Is(err, message.NoTerminal) && d.audience.asked(a.Owner) {
		return nil
	}
	return []message.Result{d.result(a, err)}
}

func (d *dispatch) result(a *attempt, err error) message.Result {
	switch {
	case err != nil:
		return d.Host.failedPlace(a.Place, err)
	case d.request.DryRun:
		return d.Host.onPlace(a.Place, message.Planned)
	}
	return d.Host.onPlace(a.Place, message.Delivered)
}

// close closes a terminal if it was opened. Nothing that was written is lost if that fails.
func (d *dispatch) close(a *attempt) {
	if a.terminal != nil {
		_ = a.terminal.Close()
	}
	<-d.room
}

// closeAll closes terminals that have their results.
func (d *dispatch) closeAll(attempts []*attempt) {
	sideBySide(len(attempts), func(i int) { d.close(attempts[i]) }, func(int) {}, func(int) {})
}

// hanging counts what hangs, by owner, for earlier messages too. Each costs a thread.
type hanging struct {
	mu  sync.Mutex
	of  map[uint32]int
	all int
}

// How many terminals may hang until the others of that owner are not tried; and of all owners
// together, until an owner may have one. A user has many uids in /etc/subuid.
const (
	mostHanging    = 16
	mostHangingAll = 128
)

func (h *hanging) add(owner uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.of == nil {
		h.of = map[uint32]int{}
	}
	h.of[owner]++
	h.all++
}

func (h *hanging) many(owner uint32) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.of[owner] >= mostHanging || h.all >= mostHangingAll && h.of[owner] > 0
}

package delivery

import (
	"slices"
	"sync/atomic"
	"time"
)

// hangTime is how long a terminal may take to be opened, written to or closed; then it is left
// aside, and others have its place. O_NONBLOCK is no help against a terminal's own owner: with
// a page of memory that never comes they keep the locks that all these calls take (tty_lock and
// tty_ldisc_ref_wait in drivers/tty), for as long as they like, and no signal ends the call.
const hangTime = 100 * time.Millisecond

// atWork is how many terminals are opened, or written to, side by side. More would wait for each
// other in the kernel (tty_mutex). If none makes progress, more are added.
const (
	atWork     = 2
	mostAtWork = 64
	impatience = hangTime / 10
)

// crew does the same with each of many terminals.
type crew struct {
	do, aside, late func(i int)

	all     int
	next    atomic.Int64
	done    atomic.Int64  // how many are
	settled []atomic.Bool // done, or left aside
	workers []*worker
	ended   chan *worker // there is nothing left for it
	hang    map[int]bool
}

type worker struct{ at, since atomic.Int64 }

// sideBySide calls do for each of n terminals, a few at a time, and returns when each call has
// returned, or hangs. For a call that hangs it calls aside, and late when the call has returned
// after all, which may be at the same time. It returns those that hang.
func sideBySide(n int, do, aside, late func(i int)) (hang map[int]bool) {
	c := &crew{do: do, aside: aside, late: late, all: n, settled: make([]atomic.Bool, n), ended: make(chan *worker, n+mostAtWork), hang: map[int]bool{}}
	c.grow(atWork)
	tick := time.NewTicker(impatience)
	defer tick.Stop()
	for before := int64(0); len(c.workers) > 0 || int(c.next.Load()) < n; {
		select {
		case w := <-c.ended:
			c.dismiss(w)
			continue
		case <-tick.C:
		}
		c.leaveAside()
		done := c.done.Load()
		if done == before || len(c.workers) == 0 {
			c.grow(max(len(c.workers), atWork))
		}
		before = done
	}
	return c.hang
}

// grow has so many more at work, if there is work for them.
func (c *crew) grow(by int) {
	for range min(by, mostAtWork-len(c.workers), c.all-int(c.next.Load())) {
		w := &worker{}
		w.at.Store(-1)
		c.workers = append(c.workers, w)
		go c.work(w)
	}
}

func (c *crew) dismiss(gone *worker) {
	c.workers = slices.DeleteFunc(c.workers, func(w *worker) bool { return w == gone })
}

func (c *crew) work(w *worker) {
	for i := int(c.next.Add(1)) - 1; i < c.all; i = int(c.next.Add(1)) - 1 {
		w.at.Store(-1)
		w.since.Store(int64(time.Since(epoch)))
		w.at.Store(int64(i))
		c.do(i)
		if !c.settled[i].CompareAndSwap(false, true) {
			c.late(i)
			return // another has its place
		}
		c.done.Add(1)
	}
	c.ended <- w
}

// epoch is what times are counted from.
var epoch = time.Now()

// leaveAside waits no longer for what hangs by now.
func (c *crew) leaveAside() {
	now := int64(time.Since(epoch))
	for _, w := range slices.Clone(c.workers) {
		i := int(w.at.Load())
		if i < 0 || now-w.since.Load() < int64(hangTime) || int(w.at.Load()) != i {
			continue
		}
		if c.settled[i].CompareAndSwap(false, true) {
			c.dismiss(w)
			c.hang[i] = true
			c.aside(i)
		}
	}
}

package remote

import (
	"context"
	"sync"
	"time"

	"msg/internal/message"
)

// deadline is the time by which a host has to be done. A message that stays has one for its
// text, none while it is typed on, and then one for the answers, if they have one.
type deadline struct {
	wait     bool
	time     time.Duration // for answers; 0 is without end
	terminal time.Duration // for one terminal
	typed    bool

	mu     sync.Mutex
	timer  *time.Timer
	opened bool
	lines  bool // some have been typed
}

func newDeadline(r message.Request, limit time.Duration, late func()) *deadline {
	return &deadline{
		wait: r.Wait, time: r.AnswerTime, terminal: max(r.Time, message.Patience), typed: r.Lines != nil, timer: time.AfterFunc(limit, late),
	}
}

// open takes in that the text is through. That more than once changes nothing.
func (d *deadline) open() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened || !d.wait && !d.typed {
		return
	}
	d.opened = true
	if d.timer.Stop() && !d.typed {
		d.answers()
	}
}

// answers sets the time by which the answers have to be there; of what was typed, the last
// lines.
func (d *deadline) answers() {
	switch {
	case !d.wait:
		d.timer.Reset(hostTime + d.terminal)
	case d.time > 0:
		d.timer.Reset(d.time + hostTime + d.terminal)
	}
}

// waits takes in that the host says it waits, with lines that would be too many: that takes
// as long as its rules say.
func (d *deadline) waits() {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.opened && d.lines && !d.typed && d.timer.Stop() {
		d.answers()
	}
}

// follow passes lines on, and knows by that when there are no more.
func (d *deadline) follow(ctx context.Context, lines <-chan string) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		for {
			line, more := "", true
			select {
			case line, more = <-lines:
			case <-ctx.Done():
				return
			}
			if !more {
				d.said()
				return
			}
			if !handOver(ctx, out, line) {
				return
			}
			d.typedOne()
		}
	}()
	return out
}

func (d *deadline) typedOne() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = true
}

// said takes in that nothing more will be typed.
func (d *deadline) said() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.typed = false
	if d.opened {
		d.answers()
	}
}

func (d *deadline) isOpen() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.opened
}

func (d *deadline) stop() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.timer.Stop()
}

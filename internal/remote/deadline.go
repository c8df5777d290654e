package remote

import (
	"context"
	"sync"
	"time"

	"msg/internal/delivery"
)

// deadline is the time by which a host has to be done. A message that stays has one for its
// text, none while it is typed on, and then one for the answers, if they have one.
type deadline struct {
	wait  bool
	time  time.Duration // for answers; 0 is without end
	typed bool

	mu     sync.Mutex
	timer  *time.Timer
	opened bool
}

func newDeadline(r delivery.Request, limit time.Duration, late func()) *deadline {
	return &deadline{wait: r.Wait, time: r.AnswerTime, typed: r.Lines != nil, timer: time.AfterFunc(limit, late)}
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

// answers sets the time by which the answers have to be there. While it is typed, there
// is no such time, also where the text is not through yet.
func (d *deadline) answers() {
	switch {
	case !d.wait:
		d.timer.Reset(hostTime)
	case d.time > 0:
		d.timer.Reset(d.time + hostTime)
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
			select {
			case out <- line:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
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

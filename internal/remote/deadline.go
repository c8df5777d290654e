package remote

import (
	"context"
	"sync"
	"time"

	"msg/internal/message"
)

// deadline is the time by which a host must be done. A message that stays has one for its
// text, none while somebody types on, and then one for the answers, if these have a limit.
// Nothing that a host says puts it off without end.
type deadline struct {
	wait     bool
	time     time.Duration // for answers; 0 is without end
	terminal time.Duration // for one terminal
	typed    bool

	mu     sync.Mutex
	timer  *time.Timer
	text   time.Time // when the time for the text is over
	opened bool
	lines  int       // that were typed
	last   time.Time // when the last of them was
}

func newDeadline(r message.Request, limit time.Duration, late func()) *deadline {
	return &deadline{
		wait: r.Wait, time: r.AnswerTime, terminal: max(r.Time, message.Patience), typed: r.Typed,
		timer: time.AfterFunc(limit, late), text: time.Now().Add(limit),
	}
}

// pause stops the time for the text, and returns what is left of it.
func (d *deadline) pause() time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.timer.Stop() {
		return 0
	}
	return time.Until(d.text)
}

// resume goes on with what is left of the time for the text.
func (d *deadline) resume(left time.Duration) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.text = time.Now().Add(left)
	d.timer.Reset(left)
}

// open takes in that the text is through. A second time changes nothing.
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

// answers sets the time by which the answers must be there; if none are awaited, the last
// lines that were typed.
func (d *deadline) answers() {
	switch {
	case !d.wait:
		d.timer.Reset(hostTime + d.terminal)
	case d.time > 0:
		d.timer.Reset(d.time + hostTime + d.terminal)
	}
}

// lineTime is how long one line may take. A host's rules let one through each minute at least.
const lineTime = time.Minute

// waits takes in that the host has lines that are not through: they would be too many, or a
// terminal is slow. Later than all lines may take, it changes nothing.
func (d *deadline) waits() {
	d.mu.Lock()
	defer d.mu.Unlock()
	mayWait := !d.typed && time.Since(d.last) < time.Duration(d.lines)*max(lineTime, d.terminal)
	if d.opened && mayWait && d.timer.Stop() {
		d.answers()
	}
}

// follow reads what is typed beside the conversation, which a host may hold up: the deadline
// counts from when the sender has typed the last line.
func (d *deadline) follow(ctx context.Context, lines *message.Lines) {
	for n := 0; ; n++ {
		switch _, more, err := lines.Next(ctx, n); {
		case err != nil:
			return
		case !more:
			d.said()
			return
		}
		d.typedOne()
	}
}

func (d *deadline) typedOne() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines++
}

// said takes in that nothing more will be typed.
func (d *deadline) said() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.typed, d.last = false, time.Now()
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

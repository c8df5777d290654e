package delivery

import (
	"errors"
	"sync"

	"msg/internal/banner"
	"msg/internal/tty"
)

// write writes to terminals that are open. It reports those that take the message at once,
// and returns the others: they take longer, or more will be typed to them.
func (d *dispatch) write(batch []attempt, t ticket) (longer []*attempt) {
	d.work.each(len(batch), func(i int) {
		if a := &batch[i]; a.err == nil && !d.request.DryRun {
			d.writeOne(a, t)
		}
	})
	for i := range batch {
		if a := &batch[i]; a.err == nil && (a.rest.Data != nil || d.follows()) {
			longer = append(longer, a)
		} else {
			d.done(a)
		}
	}
	return longer
}

func (d *dispatch) writeOne(a *attempt, t ticket) {
	on := a.terminal.Screen()
	a.rest, a.err = put(a.terminal, d.layouts.of(&d.message, on).For(on), t)
	if a.err == nil && a.rest.Data == nil && !d.follows() {
		d.audience.reached(a.Owner, 1)
	}
}

// follows reports whether more is typed once the text is through.
func (d *dispatch) follows() bool { return d.request.Typed && !d.request.DryRun }

// rest is what a terminal has not taken: no Data if it has taken all.
type rest struct {
	tty.Output
	written int // bytes before that
}

// put writes what a terminal takes at once, unless it is too late for that.
func put(terminal *tty.Terminal, out tty.Output, t ticket) (rest, error) {
	if t.late() {
		return rest{}, errTooLate
	}
	written, err := terminal.Write(out)
	if errors.Is(err, tty.ErrWouldBlock) {
		return rest{out.From(written), written}, nil
	}
	return rest{}, partly(err, written, len(out.Data))
}

// layouts is a message laid out once for each kind of screen.
type layouts struct{ sync.Map }

func (l *layouts) of(m *banner.Message, on tty.Screen) banner.Layout {
	kind := tty.Screen{Columns: on.Columns, UTF8: on.UTF8}
	layout, ok := l.Load(kind)
	if !ok {
		layout, _ = l.LoadOrStore(kind, m.Layout(kind)) // another may do the same meanwhile; neither waits
	}
	return layout.(banner.Layout)
}

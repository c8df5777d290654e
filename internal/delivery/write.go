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
	d.each(len(batch), func(i int) {
		if a := &batch[i]; a.err == nil && !d.request.DryRun {
			on := a.terminal.Screen()
			a.out = d.layouts.of(&d.message, on).For(on)
			a.written, a.err = put(a.terminal, a.out, t)
		}
	})
	for i := range batch {
		a := &batch[i]
		switch {
		case a.err == nil && (a.written < len(a.out.Data) || d.follows()):
			longer = append(longer, a)
			continue
		case a.err == nil && !d.request.DryRun:
			d.audience.reached(a.Owner, 1)
		}
		d.done(a)
	}
	return longer
}

// follows reports whether more is typed once the text is through.
func (d *dispatch) follows() bool { return d.request.Typed && !d.request.DryRun }

// put writes what a terminal takes at once, unless it is too late for that. It returns how
// many bytes that is.
func put(terminal *tty.Terminal, out tty.Output, t ticket) (int, error) {
	if t.late() {
		return 0, errTooLate
	}
	written, err := terminal.Write(out)
	if errors.Is(err, tty.ErrWouldBlock) {
		return written, nil
	}
	return written, partly(err, written, len(out.Data))
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

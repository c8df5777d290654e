package delivery

import (
	"context"
	"errors"
	"sync"

	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/target"
)

// dispatch is a message on its way to its places.
type dispatch struct {
	*sending
	places   []Place
	message  banner.Message
	layouts  layouts // of the message
	audience *audience

	room       chan struct{}  // bounds the terminals that are open
	text, slow sync.WaitGroup // until the terminals that wait have the text; until they are done
	typed      typed
}

func (s *sending) newDispatch(places []Place) *dispatch {
	m := banner.Message{Sender: s.book.record.Sender, At: s.Host.Now(), Text: s.request.Text, NoBanner: s.request.NoBanner}
	for _, t := range s.request.Targets {
		m.Broadcast = m.Broadcast || t.Kind == target.Everyone
	}
	return &dispatch{
		sending: s, places: places, message: m, audience: newAudience(places),
		room: make(chan struct{}, openFiles()), typed: typed{lines: message.NewLines()},
	}
}

// carry opens the terminals and writes what they take at once, in batches if there are more
// than may be open. Before anything of a batch is shown it logs what will be written to. Terminals
// that take longer wait by themselves. Its error says why nothing more could be logged, and sent.
func (d *dispatch) carry(ctx context.Context, t ticket) error {
	left := d.places
	for len(left) > 0 {
		n := d.makeRoom(len(left), t)
		if n == 0 {
			break // it is too late for these
		}
		entry := &entry{done: make(chan struct{})}
		opened, hang := d.open(ctx, left[:n], t, entry)
		left = left[n:]
		if entry.end(d.logOpened(opened, hang)); entry.err != nil {
			d.drop(opened, hang)
			return NotLogged(entry.err)
		}
		d.write(ctx, opened, t)
	}
	if err := d.logOpened(nil, nil); err != nil {
		return NotLogged(err)
	}
	d.fail(left, partly(errTooLate, 0, 0))
	return nil
}

// entry is the entry in the log about a batch of terminals. Nothing is shown there before it is
// done.
type entry struct {
	done chan struct{}
	err  error // why nothing may be shown
}

func (e *entry) end(err error) {
	e.err = err
	close(e.done)
}

func (e *entry) await() error {
	<-e.done
	return e.err
}

// drop closes terminals that get nothing. They have no results: the whole message is refused.
func (d *dispatch) drop(opened, hang []*attempt) {
	for _, a := range hang {
		d.end(a, func() {})
	}
	d.closeAll(opened)
}

// logOpened logs what came of opening a batch of terminals. What shows a desktop is not in
// it: whether that is a place at all is known when all are open. What hangs may still be written
// to, and counts as open.
func (d *dispatch) logOpened(opened, hang []*attempt) error {
	if d.request.DryRun {
		return nil
	}
	results := make([]message.Result, 0, len(opened)+len(hang))
	for _, a := range opened {
		if !errors.Is(a.err, message.NoTerminal) {
			results = append(results, d.result(a, a.err))
		}
	}
	for _, a := range hang {
		results = append(results, d.result(a, nil))
	}
	return d.book.begin(results)
}

func (d *dispatch) fail(places []Place, err error) {
	for i := range places {
		d.report(d.Host.failedPlace(&places[i], err))
	}
}

package delivery

import (
	"sync"

	"msg/internal/message"
)

// logbook has each request leave an entry, whatever becomes of the process: when all terminals
// are open, before anything is shown (docs/decisions, 22). If fewer may be open at once, each batch
// has one. What comes otherwise afterwards (a terminal that is held) is a further entry.
type logbook struct {
	log func(Logged) error

	mu     sync.Mutex
	record Record
	logged map[string]message.Event // what the entry said of each terminal; nil before it
	ended  bool
}

// add takes in a result, and no other news.
func (b *logbook) add(r message.Result) {
	switch r.Event {
	case message.Delivered, message.Failed, message.Planned:
	default:
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.Terminal != "" && b.logged[r.Terminal] == r.Event {
		return // as the entry says
	}
	b.record.Results = append(b.record.Results, r)
}

// begin logs what came of opening a batch of terminals, those that will be written to as
// Delivered. If it fails, nothing may be written to them.
func (b *logbook) begin(opened []message.Result) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	record := b.record
	record.Later, record.Results = b.logged != nil, opened
	if !record.Later {
		record.Results = append(of(b.record.Results, false), opened...)
	} else if len(opened) == 0 {
		return nil
	}
	if err := b.log(record); err != nil {
		return err
	}
	if b.logged == nil {
		b.logged = make(map[string]message.Event, len(opened))
	}
	for i := range opened {
		b.logged[opened[i].Terminal] = opened[i].Event
	}
	return nil
}

// end logs what no entry says yet. It is called when all is written, perhaps twice. err says
// that nothing was sent.
func (b *logbook) end(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended {
		return
	}
	b.ended = true
	record := b.record
	record.Err = err
	if b.logged != nil {
		record.Later, record.Results = true, of(record.Results, true)
	}
	if !record.Later || len(record.Results) > 0 {
		_ = b.log(record) // nothing is sent because of it
	}
}

// of returns the results of terminals, or those of targets that have none.
func of(results []message.Result, terminals bool) (some []message.Result) {
	for i := range results {
		if (results[i].Terminal != "") == terminals {
			some = append(some, results[i])
		}
	}
	return some
}

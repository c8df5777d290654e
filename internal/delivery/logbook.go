package delivery

import "sync"

// logbook sees to it that a request leaves an entry, whatever becomes of the
// process: before anything is shown on a terminal, when it is known which ones will
// be written to. Who sends could otherwise kill the helper once the message is
// through. What comes otherwise afterwards (a terminal that is held) is a second
// entry.
type logbook struct {
	log func(Logged) // nil: nothing is logged

	mu     sync.Mutex
	record Record
	logged map[string]Event // what the entry said of each terminal; nil before it
	ended  bool
}

func (b *logbook) add(r Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.record.Results = append(b.record.Results, r)
}

// begin is called with what came of opening the terminals, those that will be
// written to as Delivered.
func (b *logbook) begin(opened []Result) {
	b.mu.Lock()
	record := b.record
	record.Results = nil
	for _, r := range b.record.Results {
		if r.Terminal == "" {
			record.Results = append(record.Results, r)
		}
	}
	b.logged = map[string]Event{}
	for _, r := range opened {
		b.logged[r.Terminal] = r.Event
		record.Results = append(record.Results, r)
	}
	b.mu.Unlock()
	b.write(record)
}

// end is called when all is written, and may be once more; err says that nothing was
// sent.
func (b *logbook) end(err error) {
	b.mu.Lock()
	if b.ended {
		b.mu.Unlock()
		return
	}
	b.ended = true
	record := b.record
	record.Err = err
	if b.logged != nil {
		record.Later, record.Results = true, nil
		for _, r := range b.record.Results {
			if r.Terminal != "" && b.logged[r.Terminal] != r.Event {
				record.Results = append(record.Results, r)
			}
		}
	}
	b.mu.Unlock()
	if !record.Later || len(record.Results) > 0 {
		b.write(record)
	}
}

func (b *logbook) write(r Record) {
	if b.log != nil {
		b.log(r)
	}
}

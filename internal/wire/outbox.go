package wire

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"
	"time"
)

// readingTime is how long a client may take, at the end, to read what became of its message.
const readingTime = 10 * time.Second

// outbox writes lines to the client, in order. A put never waits: a client that does not
// read holds up no message, and no entry in the log.
type outbox struct {
	mu   sync.Mutex
	said []byte        // lines that are not written yet
	more chan struct{} // has a token if there are some
	last chan struct{} // closed when no more will come
	done chan error    // has what became of the writing
}

func newOutbox(out io.Writer) *outbox {
	o := &outbox{more: make(chan struct{}, 1), last: make(chan struct{}), done: make(chan error, 1)}
	go func() { o.done <- o.write(out) }()
	return o
}

// put says something. JSON must be able to hold it.
func (o *outbox) put(v any) {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	o.mu.Lock()
	o.said = append(append(o.said, line...), '\n')
	o.mu.Unlock()
	select {
	case o.more <- struct{}{}:
	default: // the writer knows already
	}
}

// aliveLine fills a silence of AliveTime.
const aliveLine = `{"event":"` + EventAlive + `"}` + "\n"

func (o *outbox) write(out io.Writer) error {
	for last := false; ; {
		quiet := false
		select {
		case <-o.more:
		case <-o.last:
			last = true
		case <-time.After(AliveTime):
			quiet = true
		}
		o.mu.Lock()
		said := o.said
		o.said = nil
		o.mu.Unlock()
		if quiet && len(said) == 0 { // else the end would not be the last line
			said = []byte(aliveLine)
		}
		var err error
		if len(said) > 0 {
			_, err = out.Write(said)
		}
		if err != nil || last {
			return err
		}
	}
}

// finish waits until the client has read everything, for readingTime at most.
func (o *outbox) finish() error {
	close(o.last)
	select {
	case err := <-o.done:
		return err
	case <-time.After(readingTime):
		return fmt.Errorf("the answers were not read within %v", readingTime)
	}
}

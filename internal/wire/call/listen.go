package call

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"msg/internal/message"
	"msg/internal/rate"
	"msg/internal/wire"
)

// line is one that the server has sent; the last has an error.
type line struct {
	data []byte
	err  error
}

// inbox holds what the server has said and nobody has read yet.
type inbox struct {
	mu     sync.Mutex
	lines  []line
	unread int           // bytes of lines
	more   chan struct{} // has a token if there are lines
}

func newInbox() inbox { return inbox{more: make(chan struct{}, 1)} }

func (b *inbox) put(l line) {
	b.mu.Lock()
	b.lines = append(b.lines, l)
	b.unread += len(l.data)
	b.mu.Unlock()
	select {
	case b.more <- struct{}{}:
	default: // the reader knows already
	}
}

// take returns the lines that are there.
func (b *inbox) take() []line {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := b.lines
	b.lines, b.unread = nil, 0
	return lines
}

func (b *inbox) isFull() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.unread > mostAnswer
}

// mostAnswer limits what a server may say, in bytes; 4,000 terminals come to a tenth of it.
// If the message stays, the server may say that much at once and more each second, and that
// much may be unread.
const mostAnswer = 8 << 20

var spoken = rate.Flow{Burst: mostAnswer, PerSecond: 64 << 10}

// opened begins the line that says that the text is through.
const opened = `{"event":"` + string(message.Open) + `"`

// listen puts what the server says into the inbox.
func (t *Talk) listen(out io.Reader) {
	from := wire.NewReader(out, wire.MostEvent)
	may := spoken.Bucket()
	for {
		data, err := from.Next()
		stays := t.stays.Load()
		if stays {
			may.Fill(time.Now())
		}
		if there := may.Spend(float64(len(data) + 1)); !there && err == nil && !stays {
			err = wire.ErrTooLong
		}
		if err == nil && stays && t.options.Open != nil && bytes.HasPrefix(data, []byte(opened)) {
			t.options.Open() // results checks the line when it reads it
		}
		if err == nil && !t.room(may) {
			return
		}
		t.heard.put(line{bytes.Clone(data), err})
		if err != nil {
			return
		}
	}
}

// pause is how long to wait before the next look whether a server may say more.
const pause = 50 * time.Millisecond

// room waits until the server may say more. Meanwhile the server waits, too, once the pipe
// is full. It reports false if the conversation is over first.
func (t *Talk) room(may *rate.Bucket) bool {
	for may.Owes() || t.heard.isFull() {
		select {
		case <-time.After(pause):
		case <-t.over:
			return false
		}
		may.Fill(time.Now())
	}
	return true
}

var (
	errSilence     = errors.New("silence")
	errInterrupted = errors.New("interrupted")
)

// next returns the next line. It fails with errSilence if none comes in time, and with
// errInterrupted when ctx has ended.
func (t *Talk) next(ctx context.Context, silence time.Duration) (line, error) {
	for again := true; ; {
		if ctx.Err() != nil { // even if the server never stops talking
			return line{}, errInterrupted
		}
		if len(t.held) == 0 {
			t.held = t.heard.take()
		}
		if len(t.held) > 0 {
			l := t.held[0]
			t.held = t.held[1:]
			return l, nil
		}
		select {
		case <-t.heard.more:
		case <-ctx.Done():
			return line{}, errInterrupted
		case <-time.After(silence):
			if !again {
				return line{}, errSilence
			}
			// Both ends may have been stopped (Ctrl-Z), and now go on.
			silence, again = min(silence, t.patience.end), false
		}
	}
}

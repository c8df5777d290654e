package remote

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

var (
	errTooLong = errors.New("a line that is too long")
	errCutOff  = errors.New("the last line is cut off")
)

// lines reads lines of at most most bytes.
type lines struct {
	from io.Reader
	most int
	held []byte // read, and not yet returned
}

// next returns a line without its line feed; io.EOF at a clean end. It is good
// until the next call.
func (l *lines) next() ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(l.held[searched:], '\n'); i >= 0 {
			line := l.held[:searched+i]
			l.held = l.held[searched+i+1:]
			return line, nil
		}
		searched = len(l.held)
		if searched >= l.most {
			return nil, fmt.Errorf("%w: more than %d bytes", errTooLong, l.most)
		}
		if err := l.read(); err != nil {
			if errors.Is(err, io.EOF) && searched > 0 {
				err = errCutOff
			}
			return nil, err
		}
	}
}

// read adds what comes next to what is held. It makes room bit by bit, so that
// nobody is given memory for a length they did not send.
func (l *lines) read() error {
	const chunk = 8 << 10
	if cap(l.held)-len(l.held) < chunk {
		l.held = append(make([]byte, 0, 2*len(l.held)+2*chunk), l.held...)
	}
	room := l.held[len(l.held):cap(l.held)]
	n, err := l.from.Read(room[:min(len(room), l.most-len(l.held))])
	l.held = l.held[:len(l.held)+n]
	if n > 0 {
		return nil // an error comes back with the next read
	}
	return err
}

package wire

import (
	"bytes"
	"errors"
	"fmt"
	"io"
)

// The errors of a Reader that are not the input's own.
var (
	ErrTooLong = errors.New("a line that is too long")
	errCutOff  = errors.New("the last line is cut off")
)

// Reader reads lines with a limit.
type Reader struct {
	from io.Reader
	most int    // bytes of a line, its line feed included
	held []byte // read, and not yet returned
}

// NewReader returns a Reader of lines of at most most bytes, line feeds included.
func NewReader(from io.Reader, most int) *Reader { return &Reader{from: from, most: most} }

// Next returns a line without its line feed, good until the next call; io.EOF at a clean end.
func (r *Reader) Next() ([]byte, error) {
	searched := 0
	for {
		if i := bytes.IndexByte(r.held[searched:], '\n'); i >= 0 {
			line := r.held[:searched+i]
			r.held = r.held[searched+i+1:]
			return line, nil
		}
		searched = len(r.held)
		if searched >= r.most {
			return nil, fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.most)
		}
		if err := r.read(); err != nil {
			if errors.Is(err, io.EOF) && searched > 0 {
				err = errCutOff
			}
			return nil, err
		}
	}
}

// Await waits until something of the next line is held. Its errors are the input's own.
func (r *Reader) Await() error {
	for len(r.held) == 0 {
		if err := r.read(); err != nil {
			return err
		}
	}
	return nil
}

// read adds what comes next to what is held. It makes room bit by bit: a sender gets no
// memory for a length that it did not send.
func (r *Reader) read() error {
	const chunk = 8 << 10
	if cap(r.held)-len(r.held) < chunk {
		r.held = append(make([]byte, 0, 2*len(r.held)+2*chunk), r.held...)
	}
	room := r.held[len(r.held):cap(r.held)]
	n, err := r.from.Read(room[:min(len(room), r.most-len(r.held))])
	r.held = r.held[:len(r.held)+n]
	if n > 0 {
		return nil // an error comes back with the next read
	}
	return err
}

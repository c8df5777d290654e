package wire

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"time"
)

// FuzzLines holds that lines come as they are, however they arrive, and that none is longer
// than it may be.
func FuzzLines(f *testing.F) {
	f.Add([]byte("one\n\ntwo\nthr"), uint8(4), uint8(1))
	f.Add([]byte("\n12345678\n"), uint8(8), uint8(3))
	f.Add(bytes.Repeat([]byte("\x00"), 300), uint8(255), uint8(200))
	f.Fuzz(func(t *testing.T, data []byte, most, chunk uint8) {
		l := NewReader(&chunks{data, int(chunk) + 1}, int(most)+1)
		for rest := data; ; {
			want, behind, whole := bytes.Cut(rest, []byte{'\n'})
			got, err := l.Next()
			switch {
			case err == nil:
				if !whole || !bytes.Equal(got, want) || len(got) >= l.most {
					t.Fatalf("%q of at most %d bytes, want %q", got, l.most, want)
				}
				rest = behind
				continue
			case errors.Is(err, ErrTooLong) && len(want) >= l.most,
				errors.Is(err, errCutOff) && !whole && len(want) > 0,
				errors.Is(err, io.EOF) && len(rest) == 0:
			default:
				t.Fatalf("%v at %q, of at most %d bytes", err, rest, l.most)
			}
			return
		}
	})
}

// chunks are read so many bytes at a time.
type chunks struct {
	data []byte
	most int
}

func (c *chunks) Read(p []byte) (int, error) {
	if len(c.data) == 0 {
		return 0, io.EOF
	}
	n := copy(p[:min(len(p), c.most)], c.data)
	c.data = c.data[n:]
	return n, nil
}

// SetReadDeadline has chunks be an Input: they are there at once.
func (*chunks) SetReadDeadline(time.Time) error { return nil }

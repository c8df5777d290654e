//go:build linux

package lab

import (
	"io"
	"strings"
	"sync"
	"time"
)

// A screen is all that a terminal was sent, in order.
type screen struct {
	mu      sync.Mutex
	bytes   []byte
	mark    int           // where Seen begins
	changed chan struct{} // closed at the next change
	ended   chan struct{} // closed when nothing more can come
}

// follow collects what comes from r until that ends.
func (s *screen) follow(r io.Reader) {
	s.changed, s.ended = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(s.ended)
		buffer := make([]byte, 4096)
		for {
			n, err := r.Read(buffer)
			s.change(func() { s.bytes = append(s.bytes, buffer[:n]...) })
			if err != nil {
				return // EIO, when the last program on the terminal has ended
			}
		}
	}()
}

func (s *screen) change(do func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	do()
	close(s.changed)
	s.changed = make(chan struct{})
}

// seen is what came since the mark; the channel is closed when there is more.
func (s *screen) seen() (string, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.bytes[s.mark:]), s.changed
}

// await waits until what came since the mark is as wanted, and reports whether
// it has become so.
func (s *screen) await(wanted func(string) bool) (string, bool) {
	deadline := time.After(timeout)
	for {
		seen, more := s.seen()
		if wanted(seen) {
			return seen, true
		}
		select {
		case <-more:
		case <-s.ended:
			seen, _ = s.seen()
			return seen, wanted(seen)
		case <-deadline:
			return seen, false
		}
	}
}

// forget takes text out again, as if it had never come.
func (s *screen) forget(text string) {
	s.change(func() {
		since := strings.Replace(string(s.bytes[s.mark:]), text, "", 1)
		s.bytes = append(s.bytes[:s.mark], since...)
	})
}

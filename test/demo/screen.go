package main

import (
	"bytes"
	"os"
	"strings"
	"sync"
	"time"
)

// screen is what a plain terminal shows of the bytes that came.
type screen struct {
	mu   sync.Mutex
	seen bytes.Buffer
}

func newScreen(master *os.File) *screen {
	s := &screen{}
	go func() {
		buf := make([]byte, 4096)
		for {
			n, err := master.Read(buf)
			s.mu.Lock()
			s.seen.Write(buf[:n])
			s.mu.Unlock()
			if err != nil {
				return
			}
		}
	}()
	return s
}

// lines are the rows, without what a terminal doesn't show: carriage returns
// that end a row, the bell, blanks at a row's end.
func (s *screen) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	text := strings.NewReplacer("\r", "", "\a", "").Replace(s.seen.String())
	lines := strings.Split(text, "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " ")
	}
	return lines
}

func (s *screen) String() string { return strings.Join(s.lines(), "\n") }

// await waits until the screen shows want, and reports whether it did.
func (s *screen) await(want string) bool {
	want = strings.TrimRight(want, " ")
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		if strings.Contains(s.String(), want) {
			return true
		}
	}
	return false
}

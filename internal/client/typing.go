package client

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"msg/internal/message"
)

// Typing is what somebody types at a terminal, sent line by line.
type Typing struct {
	Lines *message.Lines

	in   *bufio.Reader
	open chan struct{} // closed when the first line is through: until then, ssh may ask there
	over atomic.Bool   // no more lines will come
}

// StartTyping returns the first line that has anything in it. Lines has the others, once
// Begin was called.
func StartTyping(in io.Reader) (t *Typing, first string, err error) {
	t = &Typing{Lines: message.NewLines(), in: bufio.NewReader(in), open: make(chan struct{})}
	for {
		line, err := t.line()
		switch {
		case errors.Is(err, io.EOF):
			return nil, "", &message.Refusal{Problem: "the message is empty"}
		case err != nil:
			return nil, "", &message.Refusal{Problem: fmt.Sprintf("read the message: %v", err)}
		case strings.TrimSpace(line) != "":
			go t.read()
			return t, line, nil
		}
	}
}

// line reads a line, which at the end of the input may lack its line feed.
func (t *Typing) line() (string, error) {
	line, err := t.in.ReadString('\n')
	if line != "" {
		return strings.TrimSuffix(line, "\n"), nil
	}
	return "", err
}

// read reads on, once the first line is through.
func (t *Typing) read() {
	<-t.open
	for {
		line, err := t.line()
		if err != nil {
			break // Ctrl-D, or the terminal is gone
		}
		t.Lines.Add(line)
	}
	t.over.Store(true)
	t.Lines.Close()
}

// Begin says that the first line is through: typing may go on.
func (t *Typing) Begin() { close(t.open) }

// Typing reports whether more lines may come.
func (t *Typing) Typing() bool { return !t.over.Load() }

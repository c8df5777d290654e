package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"msg/internal/message"
)

// typing is what somebody types at a terminal, sent line by line.
type typing struct {
	in    *bufio.Reader
	open  chan struct{}  // closed when the first line is through: until then, ssh may ask there
	over  atomic.Bool    // there will be no more lines
	lines *message.Lines // those behind the first
}

// startTyping returns the first line that has anything in it. whom says to whom it goes.
func startTyping(w world, whom string) (*typing, string, error) {
	fmt.Fprintf(w.stderr, "Type the message%s; each line goes out at Enter. Ctrl-D on a line of its own ends it.\n", whom)
	t := &typing{in: bufio.NewReader(w.stdin), open: make(chan struct{}), lines: message.NewLines()}
	for {
		line, err := t.line()
		switch {
		case errors.Is(err, io.EOF):
			return t, "", &message.Refusal{Problem: "the message is empty"}
		case err != nil:
			return t, "", &message.Refusal{Problem: fmt.Sprintf("read the message: %v", err)}
		case strings.TrimSpace(line) != "":
			return t, line, nil
		}
	}
}

// drop forgets what was typed and is not wanted any more: a shell would take it for
// commands.
func (t *typing) drop(w world) {
	if t != nil && !t.over.Load() {
		flushInput(w.stdin)
	}
}

// line reads a line, which at the end of the input may lack its line feed.
func (t *typing) line() (string, error) {
	line, err := t.in.ReadString('\n')
	if line != "" {
		return strings.TrimSuffix(line, "\n"), nil
	}
	return "", err
}

// begin reads on, once the first line is through.
func (t *typing) begin() {
	go func() {
		<-t.open
		for {
			line, err := t.line()
			if err != nil {
				break // Ctrl-D, or the terminal is gone
			}
			t.lines.Add(line)
		}
		t.over.Store(true)
		t.lines.Close()
	}()
}

// typed returns the lines behind the first, for any number of readers, and nil if nobody
// types.
func (t *typing) typed() *message.Lines {
	if t == nil {
		return nil
	}
	return t.lines
}

package message

import (
	"context"
	"sync"
)

// Send carries out one request and hands each result to report, one at a time, as it
// comes. lines has what is typed after the text; it is nil unless the request is Typed. An
// error says that nothing was sent.
type Send func(ctx context.Context, r Request, lines *Lines, report func(Result)) error

// Lines is what is typed after the text of a message: a log of lines that grows until it is
// closed. Many readers follow it, each at its own pace; none holds up the others or the writer.
type Lines struct {
	mu     sync.Mutex
	all    []string
	closed bool
	more   chan struct{} // closed, and made anew, at each change
	taken  int           // how many lines some reader has had
	unread int           // bytes of the lines that no reader has had
}

// NewLines returns an empty log.
func NewLines() *Lines { return &Lines{more: make(chan struct{})} }

// Add adds a line, without its line feed. A line behind Close is dropped.
func (l *Lines) Add(line string) {
	l.change(func() {
		if !l.closed {
			l.all = append(l.all, line)
			l.unread += len(line)
		}
	})
}

// Close says that no more lines will come.
func (l *Lines) Close() { l.change(func() { l.closed = true }) }

func (l *Lines) change(do func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	do()
	close(l.more)
	l.more = make(chan struct{})
}

// Next waits for the n-th line, counted from 0. It reports false if there will be no such
// line, and ctx's error if ctx ends first.
func (l *Lines) Next(ctx context.Context, n int) (line string, ok bool, err error) {
	for {
		l.mu.Lock()
		if n < len(l.all) {
			line = l.all[n]
			for ; l.taken <= n; l.taken++ {
				l.unread -= len(l.all[l.taken])
			}
			l.mu.Unlock()
			return line, true, nil
		}
		more, closed := l.more, l.closed
		l.mu.Unlock()
		if closed {
			return "", false, nil
		}
		select {
		case <-more:
		case <-ctx.Done():
			return "", false, ctx.Err()
		}
	}
}

// Len returns how many lines there are so far.
func (l *Lines) Len() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.all)
}

// Unread returns the bytes of the lines that no reader has had yet.
func (l *Lines) Unread() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.unread
}

package delivery

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"msg/internal/tty"
)

// typed is what is typed to a message that is on its terminals already.
type typed struct {
	mu    sync.Mutex
	lines []string
	over  bool
	more  chan struct{} // closed when there is more
}

func newTyped() *typed { return &typed{more: make(chan struct{})} }

func (t *typed) change(do func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	do()
	close(t.more)
	t.more = make(chan struct{})
}

// line waits for the n-th line; there is none where nothing more will come.
func (t *typed) line(n int) (line string, ok bool) {
	for {
		t.mu.Lock()
		more, over := t.more, t.over
		if ok = n < len(t.lines); ok {
			line = t.lines[n]
		}
		t.mu.Unlock()
		if ok || over {
			return line, ok
		}
		<-more
	}
}

// take takes in lines as they come, until there are no more or nobody types any
// more. Each counts as a message does; one that would be one too many waits.
func (d *round) take(ctx context.Context, report func(Result)) {
	defer d.typed.change(func() { d.typed.over = true })
	for {
		select {
		case <-ctx.Done():
			return
		case line, ok := <-d.request.Lines:
			if !ok || d.engine.checkLine(line) != nil || !d.countLine(ctx, report) {
				return
			}
			d.engine.logLine(d.request, d.message.Sender, line)
			d.typed.change(func() { d.typed.lines = append(d.typed.lines, line) })
		}
	}
}

// checkLine refuses what msg itself would not send.
func (e *Engine) checkLine(line string) error {
	most := MaxBytes
	if e.root() {
		most = MaxBytesRoot
	}
	if len(line) > most || strings.Contains(line, "\n") {
		return &RequestError{Problem: fmt.Sprintf("a line of more than %d KiB", most>>10)}
	}
	return nil
}

// countLine counts a line, and waits until it may go out.
func (d *round) countLine(ctx context.Context, report func(Result)) bool {
	if d.engine.Policy == nil {
		return true
	}
	for said := false; ; {
		wait, err := d.engine.Policy.Count(ctx, func(string) {})
		if err != nil {
			report(Result{Event: Waiting, Host: d.engine.Host, Detail: err.Error()})
			return false
		}
		if wait <= 0 {
			return true
		}
		if !said {
			report(Result{Event: Waiting, Host: d.engine.Host, Detail: fmt.Sprintf("too many lines; the next one waits for %d s", seconds(wait))})
			said = true
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(wait):
		}
	}
}

// follow writes what is typed to one terminal that has the message, and at last that
// nothing more will come. Whether messages are still on there is looked at for each line.
func (d *round) follow(ctx context.Context, p *Place, terminal *tty.Terminal) error {
	for n := 0; ; n++ {
		line, ok := d.typed.line(n)
		err := terminal.Holds()
		if err == nil {
			layout := d.message.End(terminal.Screen())
			if ok {
				layout = d.message.Further(line, terminal.Screen())
			}
			err = d.put(ctx, p, terminal, layout.For(terminal.Screen()))
		} else {
			err = partly(err, 0, 0)
		}
		if err != nil {
			return said(err, n+1)
		}
		if !ok {
			return nil
		}
	}
}

// said adds to a failure how many lines are on the screen.
func said(err error, lines int) error {
	failure, ok := err.(*tty.Failure)
	if !ok {
		return err
	}
	what := "the first line"
	if lines > 1 {
		what = fmt.Sprintf("%d lines", lines)
	}
	return &tty.Failure{Reason: failure.Reason, Detail: failure.Detail + ", after " + what}
}

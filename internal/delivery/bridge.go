package delivery // bridge

import (
	"context"

	"msg/internal/message"
)

// SendLines is Send for typed lines that come as a log. // bridge: Send takes them itself
func (e *Engine) SendLines(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	if lines != nil {
		out, over := make(chan string), make(chan struct{})
		defer close(over)
		following, stop := context.WithCancel(ctx)
		defer stop()
		r.Lines = out
		go follow(following, lines, out, over)
	}
	return e.Send(ctx, r, report)
}

// follow hands lines on. A line that is there when ctx ends is still offered.
func follow(ctx context.Context, lines *message.Lines, out chan<- string, over <-chan struct{}) {
	defer close(out)
	for n := 0; ; n++ {
		line, more, err := lines.Next(ctx, n)
		if err != nil || !more {
			return
		}
		select {
		case out <- line:
		case <-over:
			return
		}
	}
}

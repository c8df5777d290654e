package call

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"msg/internal/message"
	"msg/internal/wire"
)

// eventPush is the event of Wanted.
const eventPush = "push"

// Wanted is what a host says before the hello that has no msg and wants a program.
type Wanted struct {
	Event   string `json:"event"`
	Machine string `json:"machine"` // as uname(1) has it
	UID     *int   `json:"uid"`     // of the login; nil if the host does not say
}

// PushTime is how long a host may take for the program, 3 MB.
const PushTime = time.Minute

var errNoHello = message.Fail(message.NoHelper, "it does not answer as msg does")

// Ask reads what the server begins with, and has it do nothing.
func (t *Talk) Ask(ctx context.Context) (wire.Hello, error) {
	defer close(t.over)
	return t.hello(ctx)
}

// hello reads what the server begins with, and sends a program to a host that wants one.
func (t *Talk) hello(ctx context.Context) (wire.Hello, error) {
	if t.options.HelloTime > 0 {
		limited, cancel := context.WithTimeout(ctx, t.options.HelloTime)
		defer cancel()
		ctx = limited
	}
	push := t.options.Push
	for skipped := 0; ; {
		data, err := t.beforeHello(ctx)
		if err != nil {
			return wire.Hello{}, err
		}
		var hello wire.Hello
		if json.Unmarshal(data, &hello) == nil && hello.Event == wire.EventHello {
			return hello, t.greet(hello)
		}
		var end wire.Ending
		if wire.Decode(data, &end) == nil && end.Err() != nil {
			return wire.Hello{}, end.Err() // msgd has no room for another conversation
		}
		var want Wanted
		if push != nil && json.Unmarshal(data, &want) == nil && want.Event == eventPush {
			if err := t.push(ctx, want); err != nil {
				return wire.Hello{}, err
			}
			push = nil // once
			continue
		}
		if skipped += len(data) + 1; skipped > t.options.Preamble {
			return wire.Hello{}, errNoHello
		}
	}
}

// beforeHello returns the next line up to the hello, or why there is none.
func (t *Talk) beforeHello(ctx context.Context) ([]byte, error) {
	silence := t.patience.hello
	if t.options.HelloTime > 0 {
		silence = t.options.HelloTime
	}
	l, err := t.next(ctx, silence)
	switch {
	case errors.Is(err, errInterrupted) && t.options.HelloTime > 0 && errors.Is(ctx.Err(), context.DeadlineExceeded):
		return nil, message.Fail(message.Timeout, "no answer within %v", t.options.HelloTime)
	case errors.Is(err, errInterrupted):
		return nil, givenUp(ctx, "before it had answered")
	case err != nil:
		return nil, message.Fail(message.Timeout, "no answer within %v", t.patience.hello)
	case errors.Is(l.err, wire.ErrTooLong):
		return nil, errNoHello
	case l.err != nil:
		return nil, ErrNoStart
	}
	return l.data, nil
}

// greet takes in a hello. It fails if the server speaks no protocol that this program does.
func (t *Talk) greet(hello wire.Hello) error {
	if hello.Protocol[0] > wire.Newest || hello.Protocol[1] < wire.Oldest {
		return skew(hello)
	}
	if t.options.Hello != nil {
		t.options.Hello(hello)
	}
	return nil
}

// skew is the failure of a server that speaks no protocol that this program does.
func skew(hello wire.Hello) *message.Failure {
	f := message.Fail(message.Version, "version %.40s speaks the protocols %d to %d, and this one %d to %d",
		hello.Version, hello.Protocol[0], hello.Protocol[1], wire.Oldest, wire.Newest)
	f.Hint = "msg here is the older one: update it"
	if hello.Protocol[1] < wire.Oldest {
		f.Hint = "msg there is the older one: update it"
	}
	return f
}

// push sends a host the program that it wants.
func (t *Talk) push(ctx context.Context, want Wanted) error {
	program, err := t.options.Push(want)
	if err != nil {
		return err
	}
	if err := t.put(ctx, fmt.Appendf(nil, "%d\n", len(program)), PushTime); err != nil {
		return err
	}
	err = t.put(ctx, program, PushTime)
	if errors.Is(err, ErrNotTaken) {
		return ErrNoStart // it may say why
	}
	if err == nil && t.options.Pushed != nil {
		t.options.Pushed()
	}
	return err
}

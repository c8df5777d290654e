package client

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/wire"
	"msg/internal/wire/call"
)

// dial connects to msgd. It fails with errNobody if nobody is at the door, with a
// *message.Failure if the caller gives up, else with a *message.Refusal.
func dial(caller context.Context, path string) (*net.UnixConn, error) {
	ctx, cancel := context.WithTimeout(caller, doorTime)
	defer cancel()
	for {
		conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
		switch {
		case err == nil:
			return conn.(*net.UnixConn), nil
		case caller.Err() != nil:
			return nil, message.Fail(message.Interrupted, "interrupted before msgd had the message: nothing was sent")
		case errors.Is(err, syscall.EAGAIN) && ctx.Err() == nil: // its queue is full
			time.Sleep(doorPause)
		case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
			return nil, &message.Refusal{Problem: "this host lets you send no messages: " + path + " is closed to you", Hint: "root decides who may use it; see msgd(8)"}
		case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, errors.ErrUnsupported):
			return nil, errNobody
		default:
			return nil, &message.Refusal{Problem: "msgd does not answer: " + err.Error(), Hint: `"msg doctor" says what is wrong`}
		}
	}
}

// How long the door may have no room for one more, and how soon to try again.
const (
	doorTime  = 10 * time.Second
	doorPause = 25 * time.Millisecond
)

var errNobody = errors.New("nobody is at the door")

// Ask connects to msgd to see whether it answers, and has it do nothing.
func Ask(ctx context.Context) (wire.Hello, error) {
	conn, err := dial(ctx, wire.Door)
	if errors.Is(err, errNobody) {
		err = message.Fail(message.NoHelper, "nobody listens at %s", wire.Door)
	}
	if err != nil {
		return wire.Hello{}, err
	}
	defer conn.Close()
	return call.New(half{conn}, conn, call.Options{}).Ask(ctx)
}

// Consent has msgd keep what the user says about all of theirs, and tell what people have said.
func Consent(ctx context.Context, c wire.Consent) (wire.Said, error) {
	conn, err := dial(ctx, wire.Door)
	if errors.Is(err, errNobody) {
		return wire.Said{}, &message.Refusal{Problem: "msgd, which keeps that, does not run", Hint: report.NoMsgd}
	}
	if err != nil {
		return wire.Said{}, err
	}
	defer conn.Close()
	return call.New(half{conn}, conn, call.Options{}).Consent(ctx, c)
}

// Listens reports whether msgd has a door here.
func Listens() bool {
	info, err := os.Stat(wire.Door)
	return err == nil && info.Mode()&os.ModeSocket != 0
}

// half closes its half of a conversation: the results still come.
type half struct{ *net.UnixConn }

func (h half) Close() error { return h.CloseWrite() }

// throughDoor is the way of everyone but root.
type throughDoor struct {
	here delivery.Host
	me   delivery.Sender
	path string // of the door
}

// Send has msgd deliver. That knows no logind: this process finds out who sits at a desktop.
func (d throughDoor) Send(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
	out := &told{door: d, request: r, logins: d.logins(ctx), tell: tell}
	err := d.send(ctx, r, lines, out)
	for tried := time.Now(); errors.Is(err, wire.ErrBusy) && time.Since(tried) < doorTime && ctx.Err() == nil; {
		time.Sleep(doorPause)
		err = d.send(ctx, r, lines, out)
	}
	if errors.Is(err, errNobody) {
		return d.ownTerminals(ctx, r, lines, tell)
	}
	var failure *message.Failure
	if errors.As(err, &failure) {
		tell(message.Result{Event: message.Failed, Host: d.here.Name, Reason: failure.Reason, Detail: failure.Detail})
		out.rest(ctx, false)
		return nil
	}
	out.rest(ctx, err == nil)
	return err
}

// send has one conversation.
func (d throughDoor) send(ctx context.Context, r message.Request, lines *message.Lines, out *told) error {
	conn, err := dial(ctx, d.path)
	if err != nil {
		return err
	}
	defer conn.Close()
	return call.New(half{conn}, conn, call.Options{}).Send(ctx, r, lines, func(result message.Result) { out.result(ctx, result) })
}

// ownTerminals delivers to the caller's own terminals, and says of the others what is missing.
func (d throughDoor) ownTerminals(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
	if r.Wait {
		return &message.Refusal{Problem: "msgd, which waits for answers, does not run", Hint: report.NoMsgd}
	}
	engine := delivery.Engine{Host: d.here, Sender: d.me, Rules: delivery.Unlimited()}
	return engine.Send(ctx, r, lines, func(result message.Result) {
		if result.Reason == message.Denied && result.Terminal != "" {
			result.Reason, result.Detail = message.NoHelper, "msgd, which may write there, does not run"
		}
		tell(result)
	})
}

package client

import (
	"context"
	"errors"
	"net"
	"os"
	"syscall"
	"time"

	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/wire"
	"msg/internal/wire/call"
)

// dial connects to msgd. It fails with ErrNobody if nobody is at the door, with a
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
			return nil, errInterrupted
		case errors.Is(err, syscall.EAGAIN) && ctx.Err() == nil: // its queue is full
			time.Sleep(doorPause)
		case errors.Is(err, syscall.EACCES), errors.Is(err, syscall.EPERM):
			return nil, &message.Refusal{Problem: "this host lets you send no messages: " + path + " is closed to you", Hint: "root decides who may use it; see msgd(8)"}
		case errors.Is(err, syscall.ENOENT), errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, errors.ErrUnsupported):
			return nil, ErrNobody
		case errors.Is(err, syscall.EMFILE): // no fault of msgd's
			return nil, &message.Refusal{Problem: "this process may open no more files", Hint: `nothing was sent; "ulimit -n 1024" lets more be open`}
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

// ErrNobody says that msgd does not run here.
var ErrNobody = errors.New("msgd does not run here")

// Ask connects to msgd to see whether it answers, and has it do nothing.
func Ask(ctx context.Context) (wire.Hello, error) {
	conn, err := dial(ctx, wire.Door)
	if errors.Is(err, ErrNobody) {
		err = message.Fail(message.NoHelper, "nobody listens at %s", wire.Door)
	}
	if err != nil {
		return wire.Hello{}, err
	}
	defer conn.Close()
	return call.New(half{conn}, conn, call.Options{}).Ask(ctx)
}

// Consent has msgd keep what the user says about all of theirs, and tell what people have said.
// Its error is ErrNobody if msgd does not run.
func Consent(ctx context.Context, c wire.Consent) (said wire.Said, err error) {
	err = patiently(ctx, func() error {
		conn, err := dial(ctx, wire.Door)
		if err != nil {
			return err
		}
		defer conn.Close()
		said, err = call.New(half{conn}, conn, call.Options{}).Consent(ctx, c)
		return err
	})
	return said, err
}

// patiently tries again for a while if the user begins too many conversations at once.
func patiently(ctx context.Context, do func() error) error {
	err := do()
	for begun := time.Now(); errors.Is(err, wire.ErrBusy) && time.Since(begun) < doorTime && ctx.Err() == nil; {
		time.Sleep(doorPause)
		err = do()
	}
	if errors.Is(err, wire.ErrBusy) && ctx.Err() != nil {
		return errInterrupted
	}
	return err
}

var errInterrupted = message.Fail(message.Interrupted, "interrupted before msgd had the message: nothing was sent")

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
	err := patiently(ctx, func() error { return d.send(ctx, r, lines, out) })
	if errors.Is(err, ErrNobody) {
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
	rules := delivery.Unlimited()
	if system, err := config.Load(config.Path); err == nil {
		rules.Unsaid = system.Messages.Unsaid
	}
	engine := delivery.Engine{Host: d.here, Sender: d.me, Rules: rules}
	return engine.Send(ctx, r, lines, func(result message.Result) {
		if result.Reason == message.Denied && result.Terminal != "" {
			result.Reason, result.Detail = message.NoHelper, "msgd, which may write there, does not run"
		}
		tell(result)
	})
}

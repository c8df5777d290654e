package delivery

import (
	"context"
	"fmt"
	"time"

	"msg/internal/message"
	"msg/internal/target"
)

// Policy is what this host lets the sender do. An Engine without one lets them
// do everything, which is for root.
type Policy struct {
	Send      Permission // to anybody at all
	Broadcast Permission // to "*"

	// Count counts one message, and returns how long to wait where it is one
	// too many; an error where it cannot be counted, and must not go out. It may
	// take its time itself; then it says so to the sender by way of note.
	Count func(ctx context.Context, note func(string)) (wait time.Duration, err error)
}

// Permission is whether the sender may, and who may in words: "root and %adm".
type Permission struct {
	Granted bool
	Who     string
}

// permitted returns the targets that the sender may send to; the others have
// their result.
func (e *Engine) permitted(targets []target.Target, report func(message.Result)) []target.Target {
	if e.Policy == nil {
		return targets
	}
	var allowed []target.Target
	for _, t := range targets {
		words := ""
		switch {
		case !e.Policy.Send.Granted:
			words = e.Policy.Send.Who + " may send messages"
		case t.Kind == target.Everyone && !e.Policy.Broadcast.Granted:
			words = e.Policy.Broadcast.Who + " may send to everyone"
		default:
			allowed = append(allowed, t)
			continue
		}
		report(e.failedTarget(t.String(), message.Denied, "only "+words))
	}
	return allowed
}

// counted reports whether the message may go out now, and keeps until when it has to have
// gone out: what has been counted must not be kept, and come together with what its
// sender sends later. Where it may not, each terminal has its result.
func (d *round) counted(ctx context.Context, places []Place, report func(message.Result)) bool {
	e := d.engine
	if e.Policy == nil {
		return true
	}
	until := time.Now().Add(openingTime) // before the count: this process may be stopped behind it
	waited := false
	wait, err := e.Policy.Count(ctx, func(why string) {
		waited = true
		report(message.Result{Event: message.Waiting, Host: e.Host, Detail: why})
	})
	if err == nil && wait <= 0 {
		if waited {
			until = time.Now().Add(openingTime) // one at a time: there is nothing to keep
		}
		d.until = until
		return true
	}
	failure := &message.Failure{Reason: message.RateLimited, Detail: fmt.Sprintf("the next may go out in %d s", seconds(wait))}
	switch {
	case ctx.Err() != nil:
		failure = interrupted
	case err != nil:
		failure.Detail = err.Error()
	}
	for i := range places {
		report(e.failedPlace(&places[i], failure))
	}
	return false
}

// interrupted is a terminal's that the sender has not waited for.
var interrupted = &message.Failure{Reason: message.GivenUp, Detail: "interrupted: nothing was written"}

// seconds rounds up, so that who waits that long does not come too early.
func seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

// Privilege is the right to open other people's terminals, for a program that
// does not use it all the time.
type Privilege interface {
	Take() error
	Drop() // for good; where that fails, the program ends
}

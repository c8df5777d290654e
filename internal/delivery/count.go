package delivery

import (
	"context"
	"fmt"
	"time"

	"msg/internal/message"
)

// ticket is leave for a counted message to go out now, not together with what its sender
// sends in the next hours.
type ticket struct {
	until time.Time // zero for a sender who is not counted
}

func (t ticket) late() bool { return !t.until.IsZero() && time.Now().After(t.until) }

// openingTime is thousands of times what opening all terminals takes. If it passes, the
// sender lets few be open at once and holds those, or has stopped this process.
const openingTime = 10 * time.Second

// ticket counts once, and returns a ticket for so long, or how long to wait for one.
func (p Policy) ticket(ctx context.Context, keep time.Duration, note func(string)) (t ticket, wait time.Duration, err error) {
	if p.Unlimited {
		return ticket{}, 0, nil
	}
	t.until = time.Now().Add(keep) // before the count: this process may be stopped behind it
	waited := false
	wait, err = p.Count(ctx, func(why string) {
		waited = true
		note(why)
	})
	if waited {
		t.until = time.Now().Add(keep) // one at a time: there is nothing to keep
	}
	return t, wait, err
}

// count counts the message, and returns its ticket. If the message may not go out, each
// place has its result.
func (d *dispatch) count(ctx context.Context) (ticket, bool) {
	if d.request.DryRun {
		return ticket{}, true
	}
	t, wait, err := d.Rules.Policy.ticket(ctx, openingTime, d.sayWaiting)
	switch {
	case err == nil && wait <= 0:
		return t, true
	case ctx.Err() != nil:
		d.fail(d.places, interrupted)
	case err != nil:
		d.fail(d.places, message.Fail(message.RateLimited, "%v", err))
	default:
		d.fail(d.places, message.Fail(message.RateLimited, "the next may go out in %d s", seconds(wait)))
	}
	return t, false
}

func (d *dispatch) sayWaiting(why string) {
	d.report(message.Result{Event: message.Waiting, Host: d.Host.Name, Detail: why})
}

// interrupted is the failure of a terminal that the sender has not waited for.
var interrupted = message.Fail(message.GivenUp, "interrupted: nothing was written")

// sayAgain is after how long it is said again that a line waits.
const sayAgain = 10 * time.Second

// countLine counts a line, and waits until it may go out. A line that is one too many waits.
func (d *dispatch) countLine(ctx context.Context) (ticket, error) {
	keep := openingTime + d.patience() // a terminal may take its time for the line before
	for said := (time.Time{}); ; {
		t, wait, err := d.Rules.Policy.ticket(ctx, keep, func(string) {})
		switch {
		case ctx.Err() != nil:
			return t, errGivenUp
		case err != nil:
			return t, message.Fail(message.RateLimited, "%v", err)
		case wait <= 0:
			return t, nil
		}
		if time.Since(said) >= sayAgain { // the other end has to know that it is waited for
			d.sayWaiting(fmt.Sprintf("too many lines; the next one waits for %d s", seconds(wait)))
			said = time.Now()
		}
		select {
		case <-ctx.Done():
		case <-time.After(min(wait, sayAgain)):
		}
	}
}

// seconds rounds up: a sender who waits that long does not come too early.
func seconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

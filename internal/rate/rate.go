// Package rate counts what each user sends: so many messages a minute, and a burst of some
// more. The count is the modification time of an empty file for each user. So it survives the
// program and is the same for all that run at once, and no file has to grow, whatever the
// limits of the process and however full the file system is.
//
// It refuses to count where somebody else could change the count.
package rate

import (
	"errors"
	"time"
)

// Limit is how many messages a user may send. A user who has sent none for a while may send
// PerMinute+Burst at once, and then one whenever a minute's PerMinute-th part has passed.
type Limit struct {
	PerMinute int64 // 1 or more
	Burst     int64 // 0 or more
}

// Interval is the time that one message takes.
func (l Limit) Interval() time.Duration { return time.Minute / time.Duration(l.PerMinute) }

// The errors of counting.
var (
	ErrNowhere = errors.New("nowhere to count messages") // no place for counts, or none that is safe
	ErrHeld    = errors.New("another message of yours is being counted, and does not get on")
)

// next returns the count after one more message, or how long to wait. The count is the time by
// which all messages so far have had their interval (the generic cell rate algorithm, ITU-T
// I.371). Both times are on a clock that only goes forward.
func (l Limit) next(count, now time.Duration) (after, wait time.Duration) {
	whole := l.Interval() * time.Duration(l.PerMinute+l.Burst)
	if count < now || count > now+whole {
		count = now // long past; or of a new file, whose time is the time of day
	}
	after = count + l.Interval()
	return after, max(0, after-now-whole)
}

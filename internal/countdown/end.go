package countdown

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// End is the time that is counted down to.
type End struct {
	clock clock
	exact bool // it was said to the second
}

// At is a time of the clock's.
func At(t time.Time) End { return End{clock: wallClock(t)} }

// forms are how a time can be said. Where there is no day, it is the next such time.
var forms = []struct {
	layout     string
	day, exact bool
}{
	{"15:04", false, false},
	{"15:04:05", false, true},
	{"2006-01-02 15:04", true, false},
	{"2006-01-02T15:04", true, false},
	{"2006-01-02 15:04:05", true, true},
	{"2006-01-02T15:04:05", true, true},
	{time.RFC3339, true, true},
}

// What a time is refused for.
var (
	ErrOver = errors.New("is over")
	ErrFar  = errors.New("is more than a year away")
	ErrGap  = errors.New("is skipped by that day's clock, for summer time")
)

// farthest is how far away the end of a countdown may be.
const farthest = 366 * 24 * time.Hour

// Parse reads when something is to be: a time of day, such as 22:00, or 22:00:30; a day
// and time, such as 2026-12-24 22:00; or +10m, so long after now. The clock's time zone
// is now's.
func Parse(s string, now time.Time) (End, error) {
	if later, ok := strings.CutPrefix(s, "+"); ok {
		d, err := time.ParseDuration(later)
		if err != nil || d <= 0 {
			return End{}, fmt.Errorf("%q is no time from now; +10m, +90s and +1h30m are", s)
		}
		if d > farthest {
			return End{}, fmt.Errorf("%q %w", s, ErrFar)
		}
		return End{clock: elapsing(d)}, nil
	}
	for _, form := range forms {
		t, err := time.ParseInLocation(form.layout, s, now.Location())
		if err != nil {
			continue
		}
		if !form.day {
			t = next(t, now)
		}
		switch said, _ := time.Parse(form.layout, s); {
		case form.day && form.layout != time.RFC3339 && said.Format(time.TimeOnly) != t.Format(time.TimeOnly):
			return End{}, fmt.Errorf("%q %w", s, ErrGap)
		case !t.After(now):
			return End{}, fmt.Errorf("%q %w", s, ErrOver)
		case t.Sub(now) > farthest:
			return End{}, fmt.Errorf("%q %w", s, ErrFar)
		}
		return End{wallClock(t), form.exact}, nil
	}
	return End{}, fmt.Errorf("%q is no time; 22:00, \"2026-12-24 22:00\" and +10m are", s)
}

// next is the next time after now at which the clock shows what t says. Where summer time
// begins or ends, it may show that at no time of a day, or at two.
func next(t, now time.Time) time.Time {
	y, m, d := now.Date()
	for ; ; d++ {
		usual := time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, now.Location())
		for _, shift := range []time.Duration{-2 * time.Hour, -time.Hour, -30 * time.Minute, 0, 30 * time.Minute, time.Hour, 2 * time.Hour} {
			at := usual.Add(shift)
			if at.After(now) && at.Format(time.TimeOnly) == t.Format(time.TimeOnly) {
				return at
			}
		}
	}
}

// Left is how long it still is; less than 0 when it is over.
func (e End) Left() time.Duration { return e.clock.left() }

// Time is when it is, by what the clock shows now.
func (e End) Time() time.Time { return e.clock.time() }

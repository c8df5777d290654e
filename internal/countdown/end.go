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

// form is a way to say a time: with the day, or for the next such time; to the second.
type form struct {
	layout     string
	day, exact bool
}

var forms = []form{
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
		said, err := time.ParseInLocation(form.layout, s, time.UTC)
		if err != nil {
			continue
		}
		at, err := form.next(said, now)
		if err == nil && at.Sub(now) > farthest {
			err = ErrFar
		}
		if err != nil {
			return End{}, fmt.Errorf("%q %w", s, err)
		}
		return End{wallClock(at), form.exact}, nil
	}
	return End{}, fmt.Errorf("%q is no time; 22:00, \"2026-12-24 22:00\" and +10m are", s)
}

// next is the next time after now at which the clock shows what was said.
func (f form) next(said, now time.Time) (time.Time, error) {
	switch {
	case f.layout == time.RFC3339:
		if said.After(now) {
			return said, nil
		}
		return said, ErrOver
	case !f.day:
		for day := now; ; day = time.Date(day.Year(), day.Month(), day.Day()+1, 12, 0, 0, 0, now.Location()) {
			if at, err := onDayOf(day, said, now); err == nil {
				return at, nil
			}
		}
	}
	return onDayOf(time.Date(said.Year(), said.Month(), said.Day(), 12, 0, 0, 0, now.Location()), said, now)
}

// onDayOf is the first time of that day after now at which its clock shows said's time of
// day. Where summer time begins or ends, it may show that never, or twice.
func onDayOf(day, said, now time.Time) (time.Time, error) {
	usual := time.Date(day.Year(), day.Month(), day.Day(), said.Hour(), said.Minute(), said.Second(), 0, day.Location())
	err := ErrGap
	for _, shift := range []time.Duration{-2 * time.Hour, -time.Hour, -30 * time.Minute, 0, 30 * time.Minute, time.Hour, 2 * time.Hour} {
		at := usual.Add(shift)
		if at.Format(time.TimeOnly) != said.Format(time.TimeOnly) || at.Day() != day.Day() {
			continue
		}
		if at.After(now) {
			return at, nil
		}
		err = ErrOver
	}
	return usual, err
}

// Left is how long it still is; less than 0 when it is over.
func (e End) Left() time.Duration { return e.clock.left() }

// Time is when it is, by what the clock shows now.
func (e End) Time() time.Time { return e.clock.time() }

package countdown

import (
	"fmt"
	"strings"
	"time"
)

// fine is the time left from which on seconds count.
const fine = 2 * time.Minute

// Words say how long it is when so much time is left, and when: in 10 minutes, at 22:00.
// zone adds the time zone, for those who may have another one.
func (e End) Words(left time.Duration, zone bool) string {
	at := e.Time()
	return words(left, at, at.Add(-left), e.exact, zone)
}

// Clock says when it is: at 22:00; with the day, where that is not today.
func (e End) Clock(zone bool) string {
	at := e.Time()
	return clockWords(e.Left(), at, time.Now(), e.exact, zone)
}

// When says when it is, and always the day: on Thu 26 Nov at 22:00.
func (e End) When(zone bool) string {
	at := e.Time()
	return onDay(at) + timeOfDay(at, e.exact, zone)
}

func words(left time.Duration, at, now time.Time, exact, zone bool) string {
	left = left.Round(time.Second)
	clock := clockWords(left, at, now, exact, zone)
	switch {
	case left < 0:
		return "was due " + clock
	case left == 0:
		return "now, " + clock
	}
	return "in " + long(left) + ", " + clock
}

// clockWords say the day only where the time of day could be taken for today's.
func clockWords(left time.Duration, at, now time.Time, exact, zone bool) string {
	clock := timeOfDay(at, exact || left < fine, zone)
	if at.Format(time.DateOnly) != now.Format(time.DateOnly) && left.Abs() >= 12*time.Hour {
		clock = onDay(at) + clock
	}
	return clock
}

func onDay(at time.Time) string { return "on " + at.Format("Mon 2 Jan") + " " }

// timeOfDay is what a clock will show, without the seconds where these are of no account.
func timeOfDay(at time.Time, exact, zone bool) string {
	layout := "15:04"
	if exact && at.Second() != 0 {
		layout = "15:04:05"
	}
	if zone {
		layout += " MST"
	}
	return "at " + at.Format(layout)
}

// long is a time in words: 90 seconds, 10 minutes, 2 hours 30 minutes, 3 days.
func long(d time.Duration) string {
	if d < fine && d != time.Minute {
		return count(int(d.Seconds()), "second")
	}
	minutes := int(d.Round(time.Minute).Minutes())
	days, hours, minutes := minutes/(24*60), minutes/60%24, minutes%60
	if days > 1 { // nobody counts the minutes by then
		minutes = 0
	} else {
		days, hours = 0, hours+24*days
	}
	var parts []string
	for _, part := range []string{count(days, "day"), count(hours, "hour"), count(minutes, "minute")} {
		if !strings.HasPrefix(part, "0 ") {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, " ")
}

func count(n int, unit string) string {
	if n == 1 {
		return "1 " + unit
	}
	return fmt.Sprint(n, " ", unit, "s")
}

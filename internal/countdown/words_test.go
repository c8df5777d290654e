package countdown

import (
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // a small machine may have none
)

func TestWords(t *testing.T) {
	now := time.Date(2026, 11, 26, 21, 50, 0, 0, time.UTC)
	for _, c := range []struct {
		left  time.Duration
		exact bool
		want  string
	}{
		{10 * time.Minute, false, "in 10 minutes, at 22:00"},
		{9*time.Minute + 59700*time.Millisecond, false, "in 10 minutes, at 22:00"},
		{time.Hour, false, "in 1 hour, at 22:50"},
		{90 * time.Minute, false, "in 1 hour 30 minutes, at 23:20"},
		{time.Minute, false, "in 1 minute, at 21:51"},
		{119 * time.Second, false, "in 119 seconds, at 21:51:59"},
		{2 * time.Minute, false, "in 2 minutes, at 21:52"},
		{time.Second, false, "in 1 second, at 21:50:01"},
		{20 * time.Second, false, "in 20 seconds, at 21:50:20"},
		{5*time.Minute + 20*time.Second, false, "in 5 minutes, at 21:55"},
		{5*time.Minute + 20*time.Second, true, "in 5 minutes, at 21:55:20"},
		{3 * time.Hour, false, "in 3 hours, at 00:50"},
		{24 * time.Hour, false, "in 24 hours, on Fri 27 Nov at 21:50"},
		{26*time.Hour + 10*time.Minute, false, "in 26 hours 10 minutes, on Sat 28 Nov at 00:00"},
		{75 * time.Hour, false, "in 3 days 3 hours, on Mon 30 Nov at 00:50"},
		{72*time.Hour - 20*time.Second, false, "in 3 days, on Sun 29 Nov at 21:49"},
		{0, false, "now, at 21:50"},
		{-400 * time.Millisecond, false, "now, at 21:50"},
		{-time.Hour, false, "was due at 20:50"},
		{-30 * time.Hour, false, "was due on Wed 25 Nov at 15:50"},
	} {
		if got := words(c.left, now.Add(c.left.Round(time.Second)), now, c.exact, false); got != c.want {
			t.Errorf("%v: %q, want %q", c.left, got, c.want)
		}
	}
	if got, want := words(time.Hour, now.Add(time.Hour), now, false, true), "in 1 hour, at 22:50 UTC"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestParse(t *testing.T) {
	zone := time.FixedZone("CET", 3600)
	now := time.Date(2026, 11, 26, 21, 50, 0, 0, zone)
	for s, want := range map[string]time.Time{
		"22:00":                     time.Date(2026, 11, 26, 22, 0, 0, 0, zone),
		"21:50":                     time.Date(2026, 11, 27, 21, 50, 0, 0, zone),
		"9:05":                      time.Date(2026, 11, 27, 9, 5, 0, 0, zone),
		"21:50:30":                  time.Date(2026, 11, 26, 21, 50, 30, 0, zone),
		"2026-12-24 18:00":          time.Date(2026, 12, 24, 18, 0, 0, 0, zone),
		"2026-12-24T18:00":          time.Date(2026, 12, 24, 18, 0, 0, 0, zone),
		"2026-12-24 18:00:01":       time.Date(2026, 12, 24, 18, 0, 1, 0, zone),
		"2026-12-24T18:00:00+05:00": time.Date(2026, 12, 24, 14, 0, 0, 0, zone),
	} {
		end, err := Parse(s, now)
		if err != nil {
			t.Errorf("%q: %v", s, err)
			continue
		}
		if got := end.Time(); got.Sub(want).Abs() > time.Minute {
			t.Errorf("%q is %v, want %v", s, got, want)
		}
	}
	for _, s := range []string{"", "+", "+10", "+-5m", "+0s", "-5m", "10m", "24:00", "22", "22.00", "noon", "2026-13-01 10:00", "22:00 "} {
		if end, err := Parse(s, now); err == nil {
			t.Errorf("%q is %v", s, end.Time())
		}
	}
	if _, err := Parse("2026-11-26 21:49", now); !errors.Is(err, ErrOver) {
		t.Errorf("what is over: %v", err)
	}
}

func TestParseFar(t *testing.T) {
	now := time.Date(2026, 11, 26, 21, 50, 0, 0, time.UTC)
	for _, s := range []string{"+8785h", "+2562047h", "2027-11-28 10:00", "9999-12-31 23:59"} {
		if _, err := Parse(s, now); !errors.Is(err, ErrFar) {
			t.Errorf("%q: %v", s, err)
		}
	}
	if _, err := Parse("+8784h", now); err != nil {
		t.Error(err)
	}
}

// TestParseSummerTime: the next such time is looked for on the clock, which shows some times
// twice in a night in autumn, and skips some in spring.
func TestParseSummerTime(t *testing.T) {
	for _, c := range []struct{ zone, now, say, want string }{
		{"Europe/Berlin", "2026-10-24T12:00:00+02:00", "11:00", "2026-10-25T11:00:00+01:00"},
		{"Europe/Berlin", "2026-10-25T02:10:00+02:00", "02:30", "2026-10-25T02:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:40:00+02:00", "02:30", "2026-10-25T02:30:00+01:00"},
		{"Europe/Berlin", "2026-10-25T02:40:00+01:00", "02:30", "2026-10-26T02:30:00+01:00"},
		{"America/New_York", "2026-11-01T01:10:00-05:00", "01:30", "2026-11-01T01:30:00-05:00"},
		{"Europe/Berlin", "2026-03-28T23:00:00+01:00", "02:30", "2026-03-30T02:30:00+02:00"},
		{"Europe/Berlin", "2026-03-28T23:00:00+01:00", "2026-03-29 03:30", "2026-03-29T03:30:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:40:00+02:00", "2026-10-25 02:50", "2026-10-25T02:50:00+02:00"},
		{"Europe/Berlin", "2026-10-25T02:40:00+02:00", "2026-10-25 02:30", "2026-10-25T02:30:00+01:00"},
		{"Australia/Lord_Howe", "2026-04-05T01:40:00+11:00", "01:45", "2026-04-05T01:45:00+11:00"},
	} {
		zone, err := time.LoadLocation(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		end, err := Parse(c.say, now.In(zone))
		if got := end.Time().In(zone).Format(time.RFC3339); err != nil || got != c.want {
			t.Errorf("%s: %s is %s, %v, want %s", c.now, c.say, got, err, c.want)
		}
	}
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Parse("2026-03-29 02:30", time.Date(2026, 3, 28, 0, 0, 0, 0, berlin)); !errors.Is(err, ErrGap) {
		t.Errorf("a time that is skipped: %v", err)
	}
}

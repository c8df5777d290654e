package main

import (
	"testing"
	"time"
)

func TestClockAndSpan(t *testing.T) {
	now := time.Date(2026, 11, 23, 19, 45, 0, 0, time.Local)
	for want, at := range map[string]time.Time{
		"": {}, "08:05": now.Add(-11*time.Hour - 40*time.Minute), "Nov 21": now.AddDate(0, 0, -2),
		"2024-11-23": now.AddDate(-2, 0, 0),
	} {
		if got := clock(at, now); got != want {
			t.Errorf("%v is shown as %q, want %q", at, got, want)
		}
	}
	for want, d := range map[string]time.Duration{
		"0s": 0, "59s": 59 * time.Second, "1m": 61 * time.Second, "47h": 47 * time.Hour, "2d": 49 * time.Hour,
	} {
		if got := span(d); got != want {
			t.Errorf("%v is shown as %q, want %q", d, got, want)
		}
	}
}

package main

import (
	"strings"
	"testing"
	"time"

	"msg/internal/table"
	"msg/internal/text"
)

// TestTerminalsWithinTerminals: a user with a hundred terminals within each other leaves the
// others' rows as narrow as the window.
func TestTerminalsWithinTerminals(t *testing.T) {
	on, idle := true, int64(7)
	rows := []row{{User: "alice", Terminal: "pts/0", Messages: &on, IdleS: &idle, What: "vim"}}
	for depth := range 100 {
		rows = append(rows, row{User: "mallory", Terminal: "pts/1000", depth: depth, Messages: &on, IdleS: &idle, What: strings.Repeat("\u261d", 15)})
	}
	for _, columns := range []int{50, 80, 200} {
		var out strings.Builder
		if err := table.Print(&out, tableOf(rows, true, false, time.Now()), columns); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(out.String()) {
			if n := text.Width(strings.TrimSuffix(line, "\n")); n > columns {
				t.Fatalf("%q is %d columns wide, more than %d", line, n, columns)
			}
		}
		if !strings.Contains(out.String(), "\nalice ") || !strings.Contains(out.String(), " pts/1000 ") {
			t.Errorf("%s", out.String())
		}
	}
}

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

package main

import (
	"strings"
	"testing"
	"time"

	"msg/internal/text"
)

func TestTableFitsTheWindow(t *testing.T) {
	table := []column{
		{cells: []string{"USER", "alice", "bob"}, least: 8},
		{cells: []string{"TERMINAL", "pts/2", "pts/10"}},
		{cells: []string{"SINCE", "10:00", "11:00"}, spare: 2},
		{cells: []string{"FROM", "a-very-long-host-name.department.example.com", "10.0.0.5"}, least: 8, spare: 1},
		{cells: []string{"WHAT", "vim", "a-program-with-a-long-name-too"}, least: 6},
	}
	for width, headings := range map[int]string{
		0: "USER TERMINAL SINCE FROM WHAT", 200: "USER TERMINAL SINCE FROM WHAT", 60: "USER TERMINAL SINCE FROM WHAT",
		40: "USER TERMINAL SINCE FROM WHAT", 36: "USER TERMINAL FROM WHAT", 24: "USER TERMINAL WHAT",
	} {
		var out strings.Builder
		if err := printTable(&out, table, width); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if got := strings.Join(strings.Fields(lines[0]), " "); got != headings || len(lines) != 3 {
			t.Errorf("%d columns show\n%s, want the headings %s", width, out.String(), headings)
		}
		for _, line := range lines {
			if width > 0 && text.Width(line) > width {
				t.Errorf("%q is wider than %d columns", line, width)
			}
			if width == 0 && strings.Contains(line, "…") {
				t.Errorf("%q is shortened without a window", line)
			}
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

package main

import (
	"strings"
	"testing"
	"time"

	"msg/internal/text"
)

func TestTableFitsTheWindow(t *testing.T) {
	rows := [][]string{
		{"USER", "TERMINAL", "FROM", "WHAT"},
		{"alice", "pts/2", "a-very-long-host-name.department.example.com", "vim"},
		{"bob", "pts/10", "10.0.0.5", "a-program-with-a-long-name-too"},
	}
	for _, width := range []int{0, 200, 80, 60, 40, 30} {
		var out strings.Builder
		if err := printTable(&out, rows, width); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if len(lines) != len(rows) {
			t.Errorf("%d lines in %d columns", len(lines), width)
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
		"-": {}, "08:05": now.Add(-11*time.Hour - 40*time.Minute), "Nov 21": now.AddDate(0, 0, -2),
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

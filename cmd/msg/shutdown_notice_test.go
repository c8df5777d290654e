package main

import (
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/shutdown"
)

// TestWalled: logind's warnings reach a screen by any of the terminals that it shows.
func TestWalled(t *testing.T) {
	all := func(sources ...sessions.Source) []sessions.Source {
		return append([]sessions.Source{"device", "proc"}, sources...)
	}
	p := sessions.Picture{Terminals: []sessions.Terminal{
		{Name: "pts/0", Sources: all("utmp"), User: "alice", Shows: 70}, // an ssh login with tmux in front
		{Name: "pts/1", Sources: all(), User: "bob"},                    // an editor's
		{Name: "pts/2", Sources: all(), User: "carol", Shows: 80},       // an emulator's, with tmux in front
		{Name: "pts/3", Sources: all("utmp"), User: "carol", Pane: 80},  // whose pane is in utmp
		{Name: "pts/4", Sources: all(), User: "alice", Pane: 70},
		{Name: "tty2", Sources: all("logind"), User: "dave"},
		{Name: "pts/5", Sources: all("utmp"), User: "root"}, // where shutdown was typed
	}}
	logins := []sessions.Session{{ID: "1", Terminal: "tty2"}, {ID: "2", Terminal: ""}, {ID: "3", Terminal: "pts/9"}}
	for _, c := range []struct {
		register sessions.Source
		want     []string
	}{
		{sessions.Utmp, []string{"pts/0", "pts/2", "pts/3"}},
		{sessions.Logind, []string{"tty2"}},
		{"", nil},
	} {
		got := walled(p, c.register, logins, "pts/5")
		slices.Sort(got)
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", c.register, got, c.want)
		}
	}
}

func TestSaid(t *testing.T) {
	for _, c := range []struct {
		s    shutdown.Scheduled
		want string
	}{
		{shutdown.Scheduled{Mode: "reboot", Message: "kernel\n"}, "kernel\nThe system will reboot in 5 minutes, at 22:00."},
		{shutdown.Scheduled{Mode: "poweroff"}, "The system will power off in 5 minutes, at 22:00."},
		{shutdown.Scheduled{Mode: "hibernate-\x1b"}, "The system will shut down (hibernate-\x1b) in 5 minutes, at 22:00."},
	} {
		if got := said(c.s, "in 5 minutes, at 22:00"); got != c.want {
			t.Errorf("%+v: %q, want %q", c.s, got, c.want)
		}
	}
	for _, long := range []string{strings.Repeat("ä", 50_000), strings.Repeat("\n", 5000) + "x" + strings.Repeat("y\n", 5000)} {
		words := said(shutdown.Scheduled{Mode: "halt", Message: long}, "now")
		if len(words) > message.MaxBytes || strings.Count(words, "\n") >= message.MaxLinesRoot || !strings.HasSuffix(words, " …\nThe system will halt now.") {
			t.Errorf("of %d bytes, %d are left: %q", len(long), len(words), words[max(0, len(words)-60):])
		}
	}
}

// TestLogindWarns: as when_wall and method_schedule_shutdown of logind have it.
func TestLogindWarns(t *testing.T) {
	for left, want := range map[time.Duration][2]bool{ // at once, and at a point
		24 * time.Hour: {false, true}, 12 * time.Hour: {false, true}, 3 * time.Hour: {false, true},
		time.Hour: {false, false}, 90 * time.Minute: {false, false}, 30 * time.Minute: {false, false}, 15 * time.Minute: {false, false},
		14 * time.Minute: {true, true}, 10 * time.Minute: {true, true}, time.Minute: {true, true}, 0: {true, true},
		10*time.Minute - 3*time.Millisecond: {true, true}, 3*time.Hour - 3*time.Millisecond: {false, true},
		15*time.Minute - 3*time.Millisecond: {true, true}, 3*time.Hour - 2*time.Second: {false, true},
		30*time.Minute - 2*time.Second: {false, false}, time.Hour - time.Second: {false, false},
	} {
		if got := [2]bool{logindWarns(left, true), logindWarns(left, false)}; got != want {
			t.Errorf("%v: %v, want %v", left, got, want)
		}
	}
}

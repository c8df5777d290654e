package main

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	"msg/internal/delivery"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
)

// TestSessionsUnseen: on a host without terminals nobody is logged in, unless logind can't be asked
// who is at a desktop.
func TestSessionsUnseen(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		argv   string
		status int
		says   string
	}{
		"nobody":            {nil, "sessions", exitOK, "msg: nobody is logged in\n"},
		"one":               {nil, "sessions root", exitNotReached, "msg: root: not logged in\n"},
		"nobody, it is not": {errors.New("it is dead"), "sessions", exitNotReached, "msg: *: on no terminal; who is at a desktop can't be seen: logind: it is dead\nhint: "},
		"one, it is not":    {errors.New("it is dead"), "sessions root", exitNotReached, "msg: root: on no terminal; who is at a desktop can't be seen: logind: it is dead\nhint: "},
	} {
		var stdout, stderr bytes.Buffer
		here := delivery.Local()
		here.System.Dev = t.TempDir()
		here.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) { return nil, c.err })
		w := newWorld(here, delivery.Myself(here.Accounts))
		w.stdout, w.stderr, w.getenv = &stdout, &stderr, func(string) string { return "" }
		status, err := run(t.Context(), strings.Fields(c.argv), w)
		if err != nil || status != c.status || !strings.HasPrefix(stderr.String(), c.says) || stdout.Len() > 0 {
			t.Errorf("%s: status %d, %v, %q, %q; want %d, %q", name, status, err, &stdout, &stderr, c.status, c.says)
		}
	}
}

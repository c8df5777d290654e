// Package logins adds logind's sessions to a picture of who is where, and reads them from
// logind's files.
//
// It is apart from package sessions because the privileged program knows no logind, and from
// package logind because it needs no D-Bus.
package logins

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"msg/internal/sessions"
)

// Func returns logind's sessions. It is a System's Logind.
type Func func(ctx context.Context) ([]sessions.Session, error)

// Sessions returns logind's sessions.
func (f Func) Sessions(ctx context.Context) ([]sessions.Session, error) { return f(ctx) }

// Ask begins to ask. The function that it returns waits for the answer, and adds it to a picture.
func (f Func) Ask(ctx context.Context) func(*sessions.Picture) {
	var found []sessions.Session
	var err error
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		found, err = f(ctx)
	}()
	return func(p *sessions.Picture) {
		<-answered
		if err != nil {
			p.Unasked = fmt.Errorf("logind: %w", err)
			p.Problems = append(p.Problems, p.Unasked)
		}
		annotate(p, found)
	}
}

// annotate gives each login to the terminals that belong to it: by the session id in the
// leader's cgroup, which also holds if logind knows no terminal (ssh on Debian 13), or by the
// terminal that logind names.
func annotate(p *sessions.Picture, logins []sessions.Session) {
	byName, bySession := map[string]*sessions.Terminal{}, map[string][]*sessions.Terminal{}
	for i := range p.Terminals {
		t := &p.Terminals[i]
		byName[t.Name] = t
		if t.Session != "" {
			bySession[t.Session] = append(bySession[t.Session], t)
		}
	}
	for _, s := range logins {
		terminals := bySession[s.ID]
		if t := byName[s.Terminal]; t != nil && t.Owner == s.UID {
			t.Graphical = t.Graphical || s.Graphical()
			if t.Session == "" {
				terminals = append(terminals, t)
			}
		}
		seen := false
		for _, t := range terminals {
			add(t, s)
			seen = seen || t.InUse()
		}
		if !seen && s.Person() {
			p.Sessions = append(p.Sessions, s)
		}
	}
	if len(logins) > 0 {
		p.RegisterTells()
	}
	slices.SortFunc(p.Sessions, func(a, b sessions.Session) int {
		return cmp.Or(strings.Compare(a.User, b.User), strings.Compare(a.ID, b.ID))
	})
}

func add(t *sessions.Terminal, s sessions.Session) {
	t.AddSource(sessions.Logind)
	t.Session = s.ID
	t.Prompt = t.Prompt || s.Class == "greeter" || s.Class == "lock-screen" // somebody may log in there, or unlock
	t.Host = cmp.Or(t.Host, s.Host)
	if t.Since.IsZero() {
		t.Since = s.Since
	}
}

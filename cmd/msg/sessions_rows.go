package main

import (
	"time"

	"msg/internal/consent"
	"msg/internal/delivery"
	"msg/internal/sessions"
	"msg/internal/text"
)

// row is one terminal, or one session without a terminal, as --json shows it.
type row struct {
	User     string            `json:"user"`
	UID      uint32            `json:"uid"`
	Terminal string            `json:"terminal,omitempty"`
	Outer    string            `json:"outer,omitempty"` // the terminal that shows this one
	Session  string            `json:"session,omitempty"`
	Host     string            `json:"host,omitempty"`
	Since    time.Time         `json:"since,omitzero"`
	IdleS    *int64            `json:"idle_s,omitempty"`
	Messages *bool             `json:"messages,omitempty"`
	Why      consent.Why       `json:"why,omitempty"` // messages are on or off
	What     string            `json:"what,omitempty"`
	Place    bool              `json:"place"`
	Detached bool              `json:"detached,omitempty"`
	Sources  []sessions.Source `json:"sources"`

	depth int // of the terminals that this one is shown within
}

// list is the terminals of a listing.
type list struct {
	forest    sessions.Forest
	now       time.Time
	terminals []sessions.Terminal       // all there are, in the order to list them in
	listed    map[string]bool           // by name
	places    map[string]sessions.Place // where people look; by the terminal's name
	judge     func(*sessions.Terminal) consent.Verdict
}

// newList lists chosen places. What was named is listed whether or not somebody looks
// there.
func newList(p sessions.Picture, chosen []delivery.Place, now time.Time, judge func(*sessions.Terminal) consent.Verdict) *list {
	l := &list{
		forest: p.Forest(), now: now, terminals: p.Terminals, judge: judge,
		listed: map[string]bool{}, places: map[string]sessions.Place{},
	}
	var used []*sessions.Terminal
	for i := range p.Terminals {
		if t := &p.Terminals[i]; t.InUse() {
			used = append(used, t)
		}
	}
	for _, place := range l.forest.Places(used) {
		l.places[place.Name] = place
	}
	for _, place := range chosen {
		if !place.Named {
			l.places[place.Name] = place.Place
		}
	}
	l.addAll(chosen)
	return l
}

func (l *list) addAll(places []delivery.Place) {
	for _, place := range places {
		l.listed[place.Name] = true
	}
}

// rows puts each terminal below the one that shows it, if that is listed, too, and the logins
// without a terminal at the end.
func (l *list) rows(logins []sessions.Session) []row {
	rows := []row{}
	within := l.within()
	done := map[string]bool{}
	var add func(t *sessions.Terminal, depth int)
	add = func(t *sessions.Terminal, depth int) {
		if done[t.Name] {
			return
		}
		done[t.Name] = true
		rows = append(rows, l.row(t, depth))
		for _, inner := range within[t.Name] {
			add(inner, depth+1)
		}
	}
	for _, t := range within[""] {
		add(t, 0)
	}
	for i := range l.terminals { // what is left are terminals within each other
		if t := &l.terminals[i]; l.listed[t.Name] {
			add(t, 0)
		}
	}
	for _, s := range logins {
		rows = append(rows, row{
			User: text.Name(s.User), UID: s.UID, Session: text.Name(s.ID), Host: text.Name(s.Host),
			Since:   s.Since.Truncate(time.Second),
			Sources: []sessions.Source{sessions.Logind},
		})
	}
	return rows
}

// within returns the listed terminals by the name of the listed terminal that shows them, "" for
// none.
func (l *list) within() map[string][]*sessions.Terminal {
	within := map[string][]*sessions.Terminal{}
	for i := range l.terminals {
		t := &l.terminals[i]
		if !l.listed[t.Name] {
			continue
		}
		outer := l.forest.Outer(t)
		if !l.listed[outer] {
			outer = ""
		}
		within[outer] = append(within[outer], t)
	}
	return within
}

// row cleans what comes from outside.
func (l *list) row(t *sessions.Terminal, depth int) row {
	idle := max(0, int64(l.now.Sub(t.LastInput).Seconds()))
	verdict := l.judge(t)
	place, isPlace := l.places[t.Name]
	return row{
		User: text.Name(t.User), UID: t.Owner, Terminal: t.Name, Outer: l.forest.Outer(t), Session: text.Name(t.Session),
		Host: text.Name(t.Host), Since: t.Since.Truncate(time.Second), IdleS: &idle,
		Messages: &verdict.On, Why: verdict.Why, What: text.Name(t.What), Place: isPlace, Detached: place.Detached,
		Sources: t.Sources, depth: depth,
	}
}

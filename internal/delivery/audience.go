package delivery

import (
	"slices"
	"sync"
)

// audience is the people who have a terminal that the message is for.
type audience struct {
	mu      sync.Mutex
	people  map[uint32]*person
	inOrder []*person     // as the terminals come
	changed chan struct{} // has a token if something has changed
}

type person struct {
	name    string
	asked   bool // a terminal of theirs is open, and will be written to
	reached int  // terminals that have the message
	answers int
}

// missing reports whether they have the message and have not answered.
func (p *person) missing() bool { return p.reached > 0 && p.answers == 0 }

func newAudience(places []Place) *audience {
	a := &audience{people: map[uint32]*person{}, changed: make(chan struct{}, 1)}
	for i := range places {
		p := &places[i]
		if a.people[p.Owner] == nil {
			a.people[p.Owner] = &person{name: p.User}
			a.inOrder = append(a.inOrder, a.people[p.Owner])
		}
	}
	return a
}

// opened takes in that a terminal of that owner is open.
func (a *audience) opened(owner uint32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.people[owner].asked = true
}

func (a *audience) asked(owner uint32) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.people[owner].asked
}

// reached takes in that so many more terminals of that owner have the message; -1 if one lacks
// some of it after all.
func (a *audience) reached(owner uint32, terminals int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.people[owner].reached += terminals
	wake(a.changed)
}

// anyMissing reports whether somebody has the message and has not answered.
func (a *audience) anyMissing() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.inOrder, (*person).missing)
}

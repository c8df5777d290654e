package delivery

import (
	"msg/internal/consent"
	"msg/internal/sessions"
)

// mostOuter bounds how far outward a place is looked for.
const mostOuter = 32

// rule returns whether a terminal takes the sender's messages, all but its mode.
func (s *sending) rule(t *sessions.Terminal) consent.Rule {
	return consent.Rule{
		Everywhere: s.Rules.Everywhere(t.Owner), BeginsOn: t.BornOn, Explicit: t.Roots(), Unsaid: s.Rules.Unsaid,
	}
}

// overrides reports whether nobody's consent counts: root sends, and is not polite.
func (s *sending) overrides() bool { return s.Sender.Root && !s.request.Polite }

// outward moves each place whose messages are off to the next terminal outward of the same person
// that takes them: a user in tmux with messages off still sees the terminal that shows it. A
// terminal that the sender named stays.
func (s *sending) outward(places []Place, forest sessions.Forest) []Place {
	if s.overrides() {
		return places
	}
	taken := make(map[string]bool, len(places))
	for i := range places {
		taken[places[i].Name] = true
	}
	kept := places[:0]
	for _, p := range places {
		if on := s.nextOn(p, forest); on != nil && on != p.Terminal {
			if taken[on.Name] {
				continue // it has the message already
			}
			taken[on.Name] = true
			p = Place{Place: sessions.Place{Terminal: on, Within: forest.Within(on)}}
		}
		kept = append(kept, p)
	}
	return kept
}

// nextOn returns the place's terminal if that takes messages, else the next one outward that
// does, or nil.
func (s *sending) nextOn(p Place, forest sessions.Forest) *sessions.Terminal {
	t := p.Terminal
	for range mostOuter {
		if t == nil || t.Owner != p.Owner {
			return nil
		}
		if p.Named || s.rule(t).Judge(t.Mode).On {
			return t
		}
		t = forest.Around(t)
	}
	return nil
}

package sessions

import (
	"cmp"
	"time"
)

// A Place is a terminal where somebody may be looking.
type Place struct {
	*Terminal
	Detached bool      // a pane of a multiplexer's server that nobody is attached to
	Within   *Terminal // the terminal whose screen a relay passes on here, such as sudo's; or nil
}

// Forest is which terminals of a picture are shown on which.
type Forest struct {
	byName  map[string]*Terminal
	inner   map[string][]*Terminal // those that relays show on a terminal of that name
	panes   map[int][]*Terminal    // of the server with that pid
	clients map[int][]*Terminal    // those that show a pane of that server
	without map[string]bool        // those that are not to be chosen, by name

	last    map[int]*Terminal         // the pane of a server that was used last
	pane    map[*Terminal]*Terminal   // the pane that a client shows
	viewers map[*Terminal][]*Terminal // the clients that show a pane
}

// Forest returns how the picture's terminals stand to each other.
func (p Picture) Forest() Forest {
	f := Forest{
		byName: make(map[string]*Terminal, len(p.Terminals)), inner: map[string][]*Terminal{},
		panes: map[int][]*Terminal{}, clients: map[int][]*Terminal{},
	}
	for i := range p.Terminals {
		t := &p.Terminals[i]
		f.byName[t.Name] = t
		if t.Outer != "" {
			f.inner[t.Outer] = append(f.inner[t.Outer], t)
		}
		if t.Pane != 0 {
			f.panes[t.Pane] = append(f.panes[t.Pane], t)
		}
		if t.Shows != 0 {
			f.clients[t.Shows] = append(f.clients[t.Shows], t)
		}
	}
	return f.Without(nil)
}

// Without returns the forest, in which these terminals are never chosen.
func (f Forest) Without(names map[string]bool) Forest {
	f.without = names
	f.last, f.pane, f.viewers = map[int]*Terminal{}, map[*Terminal]*Terminal{}, map[*Terminal][]*Terminal{}
	for server, panes := range f.panes {
		for _, t := range panes {
			if last := f.last[server]; !names[t.Name] && (last == nil || t.usedAfter(last)) {
				f.last[server] = t
			}
		}
	}
	for server, clients := range f.clients {
		for _, client := range clients {
			pane := f.last[server]
			if len(clients) > 1 {
				pane = f.nearest(client)
			}
			if pane != nil {
				f.pane[client] = pane
				f.viewers[pane] = append(f.viewers[pane], client)
			}
		}
	}
	return f
}

// nearest returns the pane that one of several clients shows, or nil. Each may show another
// one: the one that was used at the time nearest to the client's.
func (f Forest) nearest(client *Terminal) (best *Terminal) {
	apart := func(t *Terminal) time.Duration { return t.LastInput.Sub(client.LastInput).Abs() }
	for _, t := range f.panes[client.Shows] {
		switch {
		case f.without[t.Name]:
		case best == nil,
			atOnce(t.LastInput, best.LastInput) && t.usedAfter(best),
			!atOnce(t.LastInput, best.LastInput) && apart(t) < apart(best):
			best = t
		}
	}
	return best
}

// Places returns where people look who are on these terminals: of those that show the same
// screen, one.
//
// It is the outermost of them: what script or sudo shows on it is no place of its own. But if
// a multiplexer's client has the screen, it is the pane that the client shows. Nobody looks at
// the panes of a server without a client now; somebody will look again at the one used last.
func (f Forest) Places(on []*Terminal) []Place {
	meant := make(map[string]bool, len(on))
	for _, t := range on {
		meant[t.Name] = true
	}
	up := f.climb(meant)
	places := make([]Place, 0, len(on))
	index, sources := make(map[string]int, len(on)), make(map[*Terminal]*Terminal, len(on))
	for _, t := range on {
		top, detached := up.outermost(t)
		source := sources[top]
		if source == nil {
			source = f.source(top, top.Owner, mostWithin)
			sources[top] = source
		}
		i, again := index[source.Name]
		if !again {
			index[source.Name] = len(places)
			places = append(places, Place{Terminal: source, Detached: detached, Within: f.Within(source)})
		} else if !detached {
			places[i].Detached = false
		}
	}
	return places
}

// mostWithin bounds how deep terminals are looked for within each other. Nobody has more than
// a few; somebody has made what is deeper.
const mostWithin = 32

// climb is the way from terminals to those that show them.
type climb struct {
	Forest
	meant  map[string]bool   // by name; nil for all
	chosen map[int]*Terminal // of a server, the client to go to from a pane that none shows
}

func (f Forest) climb(meant map[string]bool) climb { return climb{f, meant, map[int]*Terminal{}} }

func (c climb) isMeant(t *Terminal) bool { return c.meant == nil || c.meant[t.Name] }

// outermost climbs from a terminal to the outermost that is meant, too: for a pane whose
// client is not, to the pane used last.
func (c climb) outermost(t *Terminal) (top *Terminal, detached bool) {
	top = t
	at := t
	for range mostWithin {
		if c.meant[at.Name] {
			top = at
		}
		next := c.outer(at)
		if next == nil {
			detached = at.Pane != 0 && at.Outer == ""
			break
		}
		at = next
	}
	if pane := c.last[top.Pane]; pane != nil {
		top = pane
	}
	return top, detached
}

// outer returns the terminal that shows this one, or nil. Of several clients, it is one that
// shows this very pane, or else one that is meant.
func (c climb) outer(t *Terminal) *Terminal {
	if t.Outer != "" {
		return c.byName[t.Outer]
	}
	for _, client := range c.viewers[t] {
		if c.isMeant(client) {
			return client
		}
	}
	return c.client(t.Pane)
}

// client returns a client of a server, or nil: one that is meant if there is one.
func (c climb) client(server int) *Terminal {
	found, known := c.chosen[server]
	if known {
		return found
	}
	for _, one := range c.clients[server] {
		if c.isMeant(one) {
			found = one
			break
		}
		found = cmp.Or(found, one)
	}
	c.chosen[server] = found
	return found
}

// source returns the pane that a terminal shows, directly or by a relay in front, or else the
// terminal itself. It follows only panes of the owner's and of root's: anybody who runs a
// program on another's terminal, as after su, would otherwise get what is meant for the owner.
func (f Forest) source(t *Terminal, owner uint32, depth int) *Terminal {
	if depth == 0 {
		return t
	}
	if pane := f.pane[t]; pane != nil && (pane.Owner == owner || pane.Owner == 0) {
		return f.source(pane, owner, depth-1)
	}
	for _, inner := range f.inner[t.Name] {
		if !inner.Shown || f.without[inner.Name] {
			continue
		}
		if source := f.source(inner, owner, depth-1); source != inner {
			return source
		}
	}
	return t
}

// Within returns the innermost terminal whose screen relays in front pass on, or nil.
func (f Forest) Within(t *Terminal) (innermost *Terminal) {
	for range mostWithin {
		at := t
		for _, inner := range f.inner[t.Name] {
			if inner.Shown {
				t, innermost = inner, inner
				break
			}
		}
		if t == at {
			break
		}
	}
	return innermost
}

// Outer returns the name of the terminal that shows this one, by a relay or as a multiplexer's
// pane; "" if none does.
func (f Forest) Outer(t *Terminal) string {
	if outer := f.Around(t); outer != nil {
		return outer.Name
	}
	return ""
}

// Around returns the terminal that shows this one, by a relay or as a multiplexer's pane, or nil.
func (f Forest) Around(t *Terminal) *Terminal { return f.climb(nil).outer(t) }

// Above returns the names of the terminal and of those that show it.
func (f Forest) Above(name string) map[string]bool {
	names := map[string]bool{}
	up := f.climb(nil)
	for t := f.byName[name]; t != nil && !names[t.Name]; {
		names[t.Name] = true
		next := up.outer(t)
		if next != nil && t.Outer == "" && f.pane[next] != t && len(f.clients[t.Pane]) > 1 {
			break // nobody knows which of its clients shows it, if any
		}
		t = next
	}
	return names
}

// Below returns the names of these terminals and of all that is shown on them: for a
// multiplexer's client, each pane of its server.
func (f Forest) Below(names map[string]bool) map[string]bool {
	below := map[string]bool{}
	servers := map[int]bool{}
	var next []*Terminal
	for name := range names {
		next = append(next, f.byName[name])
	}
	for len(next) > 0 {
		t := next[len(next)-1]
		next = next[:len(next)-1]
		if t == nil || below[t.Name] {
			continue
		}
		below[t.Name] = true
		next = append(next, f.inner[t.Name]...)
		if !servers[t.Shows] {
			servers[t.Shows] = true
			next = append(next, f.panes[t.Shows]...)
		}
	}
	return below
}

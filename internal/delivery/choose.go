package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"msg/internal/accounts"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
)

// meant is whom one target means on this host.
type meant struct {
	terminals []*sessions.Terminal
	sessions  []sessions.Session // of people who are on no terminal

	// reason and detail say why there is no terminal, or why there may be more;
	// reason is "" otherwise.
	reason message.Reason
	detail string
}

// choice is what whom to send to is chosen from.
type choice struct {
	host    Host
	sender  Sender
	picture sessions.Picture
	forest  sessions.Forest
	all     bool // every terminal, not places alone
}

// find tells whom a target means: for a terminal's name that terminal, else
// those on which somebody is. "*" leaves out the screen that the caller looks at.
func (c choice) find(ctx context.Context, t target.Target) meant {
	switch t.Kind {
	case target.Terminal:
		return c.terminal(t.Name)
	case target.Session:
		return c.session(t.Name)
	case target.Group:
		return c.group(ctx, t.Name)
	case target.User:
		return c.user(ctx, t.Name)
	case target.Everyone:
		own := c.own()
		return c.people(
			func(one *sessions.Terminal) bool { return !own[one.Name] },
			func(s sessions.Session) bool { return s.Graphical() && s.UID != c.sender.UID })
	case target.Word:
		found := c.user(ctx, t.Name)
		if found.reason != message.Unknown {
			return found
		}
		if session := c.session(t.Name); session.reason != message.Unknown {
			return session
		}
		return found
	case target.File: // its targets stand in its place
	}
	return meant{reason: message.Unknown, detail: fmt.Sprintf("%q is not to be found on a host", t.String())}
}

// own are the terminals on the caller's screen. With --all-terminals, it is
// the caller's terminal alone.
func (c choice) own() map[string]bool {
	for i := range c.picture.Terminals {
		t := &c.picture.Terminals[i]
		switch {
		case c.sender.Self.Terminal == 0 || t.Device != c.sender.Self.Terminal:
		case c.all:
			return map[string]bool{t.Name: true}
		default:
			return c.forest.Below(c.forest.Above(t.Name))
		}
	}
	return nil
}

func (c choice) terminal(name string) meant {
	t := c.picture.Find(name)
	if t == nil {
		return meant{reason: message.Unknown, detail: "no such terminal"}
	}
	return meant{terminals: []*sessions.Terminal{t}}
}

func (c choice) session(id string) meant {
	found := c.people(
		func(t *sessions.Terminal) bool { return t.Session == id },
		func(s sessions.Session) bool { return s.ID == id })
	if found.reason == message.NotLoggedIn {
		return meant{reason: message.Unknown, detail: "no such session"}
	}
	return found
}

func (c choice) user(ctx context.Context, name string) meant {
	u, err := c.host.Accounts.User(ctx, name)
	if err != nil {
		return unknown("no such user", err)
	}
	return c.people(
		func(t *sessions.Terminal) bool { return t.Owner == u.UID },
		func(s sessions.Session) bool { return s.UID == u.UID })
}

func (c choice) group(ctx context.Context, name string) meant {
	g, err := c.host.Accounts.Group(ctx, name)
	if err != nil {
		return unknown("no such group", err)
	}
	var failure error
	member := func(uid uint32) bool {
		u, err := c.host.Accounts.UserByID(ctx, uid)
		if err != nil && !errors.Is(err, accounts.ErrUnknown) {
			failure = err
		}
		return err == nil && g.Has(u)
	}
	found := c.people(
		func(t *sessions.Terminal) bool { return member(t.Owner) },
		func(s sessions.Session) bool { return s.Graphical() && member(s.UID) })
	if failure != nil {
		found.reason, found.detail = message.Unknown, "not everybody's membership could be asked for: "+failure.Error()
	}
	return found
}

// unknown tells an account that does not exist from one that could not be
// asked for.
func unknown(what string, err error) meant {
	if !errors.Is(err, accounts.ErrUnknown) {
		what = err.Error()
	}
	return meant{reason: message.Unknown, detail: what}
}

// people finds the terminals in use, and the logins without one of people who
// are not on any of these.
func (c choice) people(terminal func(*sessions.Terminal) bool, session func(sessions.Session) bool) meant {
	var found meant
	reached := map[uint32]bool{}
	for i := range c.picture.Terminals {
		t := &c.picture.Terminals[i]
		if (t.InUse() || c.all && t.Open()) && terminal(t) {
			found.terminals = append(found.terminals, t)
			reached[t.Owner] = true
		}
	}
	for _, s := range c.picture.Sessions {
		if session(s) && !reached[s.UID] {
			found.sessions = append(found.sessions, s)
			reached[s.UID] = true
		}
	}
	switch {
	case len(found.terminals) > 0:
	case len(found.sessions) > 0:
		found.reason = message.NoTerminal
	default:
		found.reason, found.detail = message.NotLoggedIn, "not logged in"
	}
	return found
}

// Place is where a message goes.
type Place struct {
	sessions.Place
	Named bool // the sender has named this terminal, and means it whatever it shows
}

// Chosen is what a request comes to: the places to write to, each once, and the
// results of targets that cannot be reached.
type Chosen struct {
	Places   []Place
	Sessions []sessions.Session // without a terminal; each has a failed result
	Failed   []message.Result
}

// Choose puts together whom a request's targets mean, less the exceptions: each
// named terminal, and one terminal for each screen that others look at. A request for
// another host, or with an exception that does not exist, is a RequestError.
func (h Host) Choose(ctx context.Context, from Sender, p sessions.Picture, r message.Request) (Chosen, error) {
	return h.choose(ctx, from, p, r, nil)
}

// choose also leaves out the spared terminals.
func (h Host) choose(ctx context.Context, from Sender, p sessions.Picture, r message.Request, spared []string) (Chosen, error) {
	if len(r.Targets) == 0 {
		return Chosen{}, &message.Refusal{Problem: "no target"}
	}
	if err := onThisHost(slices.Concat(r.Targets, r.Except)); err != nil {
		return Chosen{}, err
	}
	c := choice{h, from, p, p.Forest(), r.AllTerminals}
	out, err := c.excepted(ctx, r.Except)
	if err != nil {
		return Chosen{}, err
	}
	for _, name := range spared {
		out.terminals[name] = true
	}
	var chosen Chosen
	var people []*sessions.Terminal
	done := map[string]bool{}
	for _, t := range r.Targets {
		if done[t.String()] {
			continue
		}
		done[t.String()] = true
		found := c.find(ctx, t)
		h.fail(&chosen, out, t, found)
		if t.Kind != target.Terminal {
			people = append(people, found.terminals...)
			continue
		}
		for _, named := range found.terminals {
			chosen.Places = append(chosen.Places, Place{Place: c.only(named), Named: true})
		}
	}
	places := c.places(people, out)
	chosen.Places = slices.Grow(chosen.Places, len(places))
	for _, place := range places {
		chosen.Places = append(chosen.Places, Place{Place: place})
	}
	chosen.Places = once(chosen.Places, out)
	return chosen, nil
}

// only is exactly that terminal, whatever shows the same.
func (c choice) only(t *sessions.Terminal) sessions.Place {
	return sessions.Place{Terminal: t, Within: c.forest.Within(t)}
}

// once returns each place once, but for those left out.
func once(places []Place, out leftOut) []Place {
	kept := places[:0]
	for _, p := range places {
		if !out.terminals[p.Name] {
			out.terminals[p.Name] = true // the second time
			kept = append(kept, p)
		}
	}
	return kept
}

// places are where the people look who are on these terminals, but for those that are
// left out and all that is shown on them.
func (c choice) places(people []*sessions.Terminal, out leftOut) []sessions.Place {
	below := c.forest.Below(out.terminals)
	var on []*sessions.Terminal
	var every []sessions.Place
	for _, t := range people {
		if !out.terminals[t.Name] && (c.all || !below[t.Name]) {
			on = append(on, t)
			every = append(every, c.only(t))
		}
	}
	if c.all {
		return every
	}
	return c.forest.Without(out.terminals).Places(on)
}

func onThisHost(targets []target.Target) error {
	for _, t := range targets {
		if t.Hosts != "" {
			return &message.Refusal{
				Problem: fmt.Sprintf("%q is on another host, and only this one can be asked", t.String()),
				Hint:    "ssh HOST msg … asks there",
			}
		}
	}
	return nil
}

// leftOut is what is not to be chosen.
type leftOut struct {
	terminals map[string]bool // by name
	sessions  map[string]bool // by id; also those that have their result
}

// fail adds the results of a target that there is no terminal for.
func (h Host) fail(c *Chosen, out leftOut, t target.Target, found meant) {
	for _, s := range found.sessions {
		if out.sessions[s.ID] {
			continue
		}
		out.sessions[s.ID] = true
		failed := h.failedTarget(t.String(), message.NoTerminal, "logged in, but on no terminal")
		failed.User, failed.Session = s.User, s.ID
		c.Sessions = append(c.Sessions, s)
		c.Failed = append(c.Failed, failed)
	}
	if found.reason == message.Unknown || found.reason == message.NotLoggedIn && t.Kind != target.Everyone {
		c.Failed = append(c.Failed, h.failedTarget(t.String(), found.reason, found.detail))
	}
}

// excepted refuses a name that does not exist: with a typing error in it,
// somebody would get what they must not.
func (c choice) excepted(ctx context.Context, except []target.Target) (leftOut, error) {
	out := leftOut{terminals: map[string]bool{}, sessions: map[string]bool{}}
	for _, t := range except {
		found := c.find(ctx, t)
		if found.reason == message.Unknown {
			return out, &message.Refusal{
				Problem: fmt.Sprintf("--except %s: %s", t, found.detail),
				Hint:    "nothing was sent",
			}
		}
		for _, one := range found.terminals {
			out.terminals[one.Name] = true
		}
		for _, s := range found.sessions {
			out.sessions[s.ID] = true
		}
	}
	return out, nil
}

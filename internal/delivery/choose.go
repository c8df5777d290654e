package delivery

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"msg/internal/accounts"
	"msg/internal/sessions"
	"msg/internal/target"
)

// meant is whom one target means on this host.
type meant struct {
	terminals []sessions.Terminal
	sessions  []sessions.Session // of people who are on no terminal

	// reason and detail say why there is no terminal, or why there may be more;
	// reason is "" otherwise.
	reason Reason
	detail string
}

// find tells whom a target means: for a terminal's name that terminal, else
// those on which somebody is. "*" leaves out the caller's own terminal.
func (e *Engine) find(ctx context.Context, p sessions.Picture, t target.Target) meant {
	switch t.Kind {
	case target.Terminal:
		return findTerminal(p, t.Name)
	case target.Session:
		return findSession(p, t.Name)
	case target.Group:
		return e.findGroup(ctx, p, t.Name)
	case target.User:
		return e.findUser(ctx, p, t.Name)
	case target.Everyone:
		return people(p,
			func(one sessions.Terminal) bool { return one.Device != e.Self.Terminal },
			func(s sessions.Session) bool { return s.Graphical() && s.UID != e.UID })
	case target.Word:
		found := e.findUser(ctx, p, t.Name)
		if found.reason != Unknown {
			return found
		}
		if session := findSession(p, t.Name); session.reason != Unknown {
			return session
		}
		return found
	case target.File: // its targets stand in its place
	}
	return meant{reason: Unknown, detail: fmt.Sprintf("%q is not to be found on a host", t.String())}
}

func findTerminal(p sessions.Picture, name string) meant {
	t, ok := p.Find(name)
	if !ok {
		return meant{reason: Unknown, detail: "no such terminal"}
	}
	return meant{terminals: []sessions.Terminal{t}}
}

func findSession(p sessions.Picture, id string) meant {
	found := people(p,
		func(t sessions.Terminal) bool { return t.Session == id },
		func(s sessions.Session) bool { return s.ID == id })
	if found.reason == NotLoggedIn {
		return meant{reason: Unknown, detail: "no such session"}
	}
	return found
}

func (e *Engine) findUser(ctx context.Context, p sessions.Picture, name string) meant {
	u, err := e.Accounts.User(ctx, name)
	if err != nil {
		return unknown("no such user", err)
	}
	return people(p,
		func(t sessions.Terminal) bool { return t.Owner == u.UID },
		func(s sessions.Session) bool { return s.UID == u.UID })
}

func (e *Engine) findGroup(ctx context.Context, p sessions.Picture, name string) meant {
	g, err := e.Accounts.Group(ctx, name)
	if err != nil {
		return unknown("no such group", err)
	}
	var failure error
	member := func(uid uint32) bool {
		u, err := e.Accounts.UserByID(ctx, uid)
		if err != nil && !errors.Is(err, accounts.ErrUnknown) {
			failure = err
		}
		return err == nil && g.Has(u)
	}
	found := people(p,
		func(t sessions.Terminal) bool { return member(t.Owner) },
		func(s sessions.Session) bool { return s.Graphical() && member(s.UID) })
	if failure != nil {
		found.reason, found.detail = Unknown, "not everybody's membership could be asked for: "+failure.Error()
	}
	return found
}

// unknown tells an account that does not exist from one that could not be
// asked for.
func unknown(what string, err error) meant {
	if !errors.Is(err, accounts.ErrUnknown) {
		what = err.Error()
	}
	return meant{reason: Unknown, detail: what}
}

// people finds the terminals in use, and the logins without one of people who
// are not on any of these.
func people(p sessions.Picture, terminal func(sessions.Terminal) bool, session func(sessions.Session) bool) meant {
	var found meant
	reached := map[uint32]bool{}
	for _, t := range p.Terminals {
		if t.InUse() && terminal(t) {
			found.terminals = append(found.terminals, t)
			reached[t.Owner] = true
		}
	}
	for _, s := range p.Sessions {
		if session(s) && !reached[s.UID] {
			found.sessions = append(found.sessions, s)
			reached[s.UID] = true
		}
	}
	switch {
	case len(found.terminals) > 0:
	case len(found.sessions) > 0:
		found.reason = NoTerminal
	default:
		found.reason = NotLoggedIn
	}
	return found
}

// Chosen is what a request comes to: the terminals to write to, each once, and
// the results of targets that cannot be reached.
type Chosen struct {
	Terminals []sessions.Terminal
	Sessions  []sessions.Session // without a terminal; each has a failed result
	Failed    []Result
}

// Choose puts together whom the targets mean, less the exceptions. A request for
// another host, or with an exception that does not exist, is a RequestError.
func (e *Engine) Choose(ctx context.Context, p sessions.Picture, targets, except []target.Target) (Chosen, error) {
	if len(targets) == 0 {
		return Chosen{}, &RequestError{Problem: "no target"}
	}
	if err := onThisHost(slices.Concat(targets, except)); err != nil {
		return Chosen{}, err
	}
	done, err := e.excepted(ctx, p, except)
	if err != nil {
		return Chosen{}, err
	}
	var c Chosen
	for _, t := range targets {
		if name := t.String(); !done.targets[name] {
			done.targets[name] = true
			e.add(&c, done, t, e.find(ctx, p, t))
		}
	}
	return c, nil
}

func onThisHost(targets []target.Target) error {
	for _, t := range targets {
		if t.Hosts != "" {
			return &RequestError{
				Problem: fmt.Sprintf("%q is on another host, and this version delivers on this host alone", t.String()),
				Hint:    "ssh HOST msg … sends there",
			}
		}
	}
	return nil
}

// done is what is not to be chosen, or not once more.
type done struct {
	targets   map[string]bool
	terminals map[string]bool
	sessions  map[string]bool // by id
}

func (e *Engine) add(c *Chosen, done done, t target.Target, found meant) {
	for _, one := range found.terminals {
		if !done.terminals[one.Name] {
			done.terminals[one.Name] = true
			c.Terminals = append(c.Terminals, one)
		}
	}
	for _, s := range found.sessions {
		if done.sessions[s.ID] {
			continue
		}
		done.sessions[s.ID] = true
		failed := e.failedTarget(t.String(), NoTerminal, "logged in, but on no terminal")
		failed.User, failed.Session = s.User, s.ID
		c.Sessions = append(c.Sessions, s)
		c.Failed = append(c.Failed, failed)
	}
	switch {
	case found.reason == NotLoggedIn && t.Kind != target.Everyone:
		c.Failed = append(c.Failed, e.failedTarget(t.String(), NotLoggedIn, "not logged in"))
	case found.reason == Unknown:
		c.Failed = append(c.Failed, e.failedTarget(t.String(), Unknown, found.detail))
	}
}

// excepted refuses a name that does not exist: with a typing error in it,
// somebody would get what they must not.
func (e *Engine) excepted(ctx context.Context, p sessions.Picture, except []target.Target) (done, error) {
	done := done{targets: map[string]bool{}, terminals: map[string]bool{}, sessions: map[string]bool{}}
	for _, t := range except {
		found := e.find(ctx, p, t)
		if found.reason == Unknown {
			return done, &RequestError{
				Problem: fmt.Sprintf("--except %s: %s", t, found.detail),
				Hint:    "nothing was sent",
			}
		}
		for _, one := range found.terminals {
			done.terminals[one.Name] = true
		}
		for _, s := range found.sessions {
			done.sessions[s.ID] = true
		}
	}
	return done, nil
}

package delivery

import (
	"context"
	"errors"
	"fmt"

	"msg/internal/accounts"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
)

// meant is whom one target means on this host.
type meant struct {
	terminals []*sessions.Terminal
	sessions  []sessions.Session // of people who are on no terminal

	reason message.Reason // why there is no terminal, or why there may be more; else ""
	detail string
}

// choice is what the places are chosen from, and for whom.
type choice struct {
	host    Host
	sender  Sender
	picture sessions.Picture
	forest  sessions.Forest
	all     bool // every terminal, not places alone
}

// find returns whom a target means: for a terminal's name that terminal, else those that
// somebody is on. "*" leaves out the screen that the sender looks at.
func (c choice) find(ctx context.Context, t target.Target) meant {
	switch t.Kind {
	case target.Terminal:
		if terminal := c.picture.Find(t.Name); terminal != nil {
			return meant{terminals: []*sessions.Terminal{terminal}}
		}
		return meant{reason: message.Unknown, detail: "no such terminal"}
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
		user := c.user(ctx, t.Name)
		if user.reason == message.Unknown {
			if session := c.session(t.Name); session.reason != message.Unknown {
				return session
			}
		}
		return user
	case target.File: // its targets stand in its place
	}
	return meant{reason: message.Unknown, detail: fmt.Sprintf("%q is not to be found on a host", t.String())}
}

// own returns the terminals on the sender's screen. With --all-terminals, it is the sender's
// terminal alone.
func (c choice) own() map[string]bool {
	t := c.sender.terminal(c.picture)
	switch {
	case t == nil:
		return nil
	case c.all:
		return map[string]bool{t.Name: true}
	}
	return c.forest.Below(c.forest.Above(t.Name))
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

// unknown tells an account that does not exist from one that nobody could be asked for.
func unknown(what string, err error) meant {
	if !errors.Is(err, accounts.ErrUnknown) {
		what = err.Error()
	}
	return meant{reason: message.Unknown, detail: what}
}

// people finds the terminals in use, and the logins of people who are on none of these.
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

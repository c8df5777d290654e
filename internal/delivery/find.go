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
	hint   string

	// unseen says that who is there can't be seen. None of them is chosen.
	unseen bool
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
		return c.people(who{
			terminal: func(t *sessions.Terminal) bool { return !own[t.Name] },
			may:      func(t *sessions.Terminal) bool { return !own[t.Name] && !t.InUse() },
			session:  func(s sessions.Session) bool { return s.Graphical() && s.UID != c.sender.UID },
			many:     true,
		})
	case target.Word:
		user := c.user(ctx, t.Name)
		if user.reason == message.Unknown && !user.unseen {
			session := c.session(t.Name)
			if session.reason != message.Unknown || session.unseen && sessions.IsNumbered(t.Name) {
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
	found := c.people(who{
		terminal: func(t *sessions.Terminal) bool { return t.Session == id },
		may:      func(*sessions.Terminal) bool { return true },
		session:  func(s sessions.Session) bool { return s.ID == id },
	})
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
	return c.people(who{
		terminal: func(t *sessions.Terminal) bool { return t.Owner == u.UID && !t.Anonymous },
		may:      mayBe(u.UID),
		session:  func(s sessions.Session) bool { return s.UID == u.UID },
	})
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
	found := c.people(who{
		terminal: func(t *sessions.Terminal) bool { return !t.Anonymous && member(t.Owner) },
		may:      func(t *sessions.Terminal) bool { return t.Anonymous || member(t.Owner) },
		session:  func(s sessions.Session) bool { return s.Graphical() && member(s.UID) },
		many:     true,
	})
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

// who is whom a target means.
type who struct {
	terminal func(*sessions.Terminal) bool // one of theirs
	may      func(*sessions.Terminal) bool // it may be one, if it can't be seen who is there
	session  func(sessions.Session) bool   // a login of theirs
	many     bool                          // they are several people
}

// people finds the terminals in use, and the logins of people who are on none of these. It says
// that nobody is there only if it can see that.
func (c choice) people(w who) meant {
	var found meant
	reached := map[uint32]bool{}
	for i := range c.picture.Terminals {
		t := &c.picture.Terminals[i]
		if (t.InUse() || c.all && t.Open()) && w.terminal(t) {
			found.terminals = append(found.terminals, t)
			reached[t.Owner] = true
		}
	}
	for _, s := range c.picture.Sessions {
		if w.session(s) && !reached[s.UID] {
			found.sessions = append(found.sessions, s)
			reached[s.UID] = true
		}
	}
	none := len(found.terminals) == 0
	missed, root := c.picture.Missed(w.may)
	switch {
	case missed && (w.many || none), root && none, len(found.sessions) > 0 && c.anonymous():
		found.sessions = nil
		found.reason, found.detail = message.Unknown, unseen+c.picture.Blind
		found.hint, found.unseen = FromOutside, true
	case !none:
	case len(found.sessions) > 0:
		found.reason = message.NoTerminal
	case c.picture.Unasked != nil:
		found.reason, found.detail = message.Unknown, NoDesks(c.picture.Unasked)
		found.hint, found.unseen = DoctorTells, true
	default:
		found.reason, found.detail = message.NotLoggedIn, "not logged in"
	}
	return found
}

// mayBe returns a function that tells whether a terminal may be a user's.
func mayBe(uid uint32) func(*sessions.Terminal) bool {
	return func(t *sessions.Terminal) bool { return t.Owner == uid || t.Anonymous }
}

// Doubt says why a user who is not found on a terminal may be on it all the same, or "". The
// terminal is any if it is nil.
func Doubt(p sessions.Picture, uid uint32, on *sessions.Terminal) string {
	may := func(t *sessions.Terminal) bool { return mayBe(uid)(t) && (on == nil || t.Name == on.Name) }
	if missed, root := p.Missed(may); missed || root {
		return unseen + p.Blind
	}
	return ""
}

const unseen = "who is logged in can't be seen: "

// What to do if it can't be seen who is logged in.
const (
	FromOutside = `"msg doctor" says what is hidden; root of the host can see, and msgd, if it runs`
	DoctorTells = `"msg doctor" tells more`
)

// NoDesks says that logind does not tell who is at a desktop, because of err.
func NoDesks(err error) string {
	return "on no terminal; who is at a desktop can't be seen: " + err.Error()
}

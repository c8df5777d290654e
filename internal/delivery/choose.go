package delivery

import (
	"context"
	"fmt"
	"slices"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
)

// Place is where a message goes.
type Place struct {
	sessions.Place
	Named bool // the sender has named this terminal, and means it whatever it shows
}

// Chosen is what a request comes to: the places to write to, each once, and the results of
// targets that are on no terminal.
type Chosen struct {
	Places   []Place
	Sessions []sessions.Session // without a terminal; each has a failed result
	Failed   []message.Result
}

// Choose returns each terminal that a request names, and one for each screen that other people
// look at, less the exceptions and the spared terminals. It refuses a request for another host,
// and one with an exception that does not exist.
func (h Host) Choose(ctx context.Context, from Sender, p sessions.Picture, r message.Request, spared ...string) (Chosen, error) {
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
	var named, people []*sessions.Terminal
	done := map[string]bool{}
	for _, t := range r.Targets {
		if done[t.String()] {
			continue
		}
		done[t.String()] = true
		found := c.find(ctx, t)
		c.fail(&chosen, out, t, found)
		if t.Kind == target.Terminal {
			named = append(named, found.terminals...)
		} else {
			people = append(people, found.terminals...)
		}
	}
	places := c.places(people, out)
	for _, t := range named {
		chosen.add(Place{Place: c.only(t), Named: true}, out)
	}
	for _, place := range places {
		chosen.add(Place{Place: place}, out)
	}
	return chosen, nil
}

// add adds a place, once, unless it is left out.
func (chosen *Chosen) add(p Place, out leftOut) {
	if !out.terminals[p.Name] {
		out.terminals[p.Name] = true
		chosen.Places = append(chosen.Places, p)
	}
}

// only is exactly that terminal, whatever shows the same.
func (c choice) only(t *sessions.Terminal) sessions.Place {
	return sessions.Place{Terminal: t, Within: c.forest.Within(t)}
}

// places returns where people look who are on these terminals, less all that is shown on those
// that are left out; with c.all, it returns all.
func (c choice) places(people []*sessions.Terminal, out leftOut) []sessions.Place {
	if c.all {
		every := make([]sessions.Place, len(people))
		for i, t := range people {
			every[i] = c.only(t)
		}
		return every
	}
	below := c.forest.Below(out.terminals)
	on := slices.DeleteFunc(people, func(t *sessions.Terminal) bool { return below[t.Name] })
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
func (c choice) fail(chosen *Chosen, out leftOut, t target.Target, found meant) {
	for _, s := range found.sessions {
		if out.sessions[s.ID] {
			continue
		}
		out.sessions[s.ID] = true
		failed := c.host.failedTarget(t.String(), message.NoTerminal, "logged in, but on no terminal")
		failed.User, failed.Session = s.User, s.ID
		chosen.Sessions = append(chosen.Sessions, s)
		chosen.Failed = append(chosen.Failed, failed)
	}
	if found.reason == message.Unknown || found.reason == message.NotLoggedIn && t.Kind != target.Everyone {
		failed := c.host.failedTarget(t.String(), found.reason, found.detail)
		failed.Hint = found.hint
		chosen.Failed = append(chosen.Failed, failed)
	}
}

// excepted refuses a name that does not exist, and one whose terminals can't be told from others':
// somebody would get what they must not.
func (c choice) excepted(ctx context.Context, except []target.Target) (leftOut, error) {
	out := leftOut{terminals: map[string]bool{}, sessions: map[string]bool{}}
	for _, t := range except {
		found := c.find(ctx, t)
		if found.reason == message.Unknown && (!found.unseen || c.anonymous()) {
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

// anonymous reports whether somebody is on a terminal whose owner can't be seen.
func (c choice) anonymous() bool {
	return slices.ContainsFunc(c.picture.Terminals, func(t sessions.Terminal) bool { return t.Anonymous && t.InUse() })
}

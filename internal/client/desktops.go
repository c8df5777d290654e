package client

import (
	"context"
	"slices"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/target"
)

// told is what msgd tells, with what it cannot know added.
type told struct {
	door    throughDoor
	request message.Request
	logins  <-chan []sessions.Session
	tell    func(message.Result)

	nobody, denied []message.Result // of targets
	desktops       []message.Result // terminals that show one
	complete       bool
}

func (t *told) result(ctx context.Context, r message.Result) {
	switch {
	case r.Event == message.Open:
		t.rest(ctx, true) // before it waits
	case r.Target != "" && r.Reason == message.Denied:
		t.denied = append(t.denied, r)
	case r.Target != "" && r.Event == message.Failed:
		t.nobody = append(t.nobody, r)
		return
	case r.Reason == message.NoTerminal:
		t.desktops = append(t.desktops, r)
		return
	}
	t.tell(r)
}

// rest tells, once, who is not reached; with ask, it finds out who is at a desktop.
func (t *told) rest(ctx context.Context, ask bool) {
	if t.complete {
		return
	}
	t.complete = true
	if ask {
		t.nobody = t.atDesks(ctx, <-t.logins)
	}
	for _, r := range t.nobody {
		t.tell(r)
	}
	for _, r := range t.desktops {
		// logind may have told the same of their owner.
		if !slices.ContainsFunc(t.nobody, func(desk message.Result) bool { return desk.Reason == r.Reason && desk.User == r.User }) {
			t.tell(r)
		}
	}
}

// logins asks logind while msgd works.
func (d throughDoor) logins(ctx context.Context) <-chan []sessions.Session {
	found := make(chan []sessions.Session, 1)
	go func() {
		all, err := d.here.System.Logind.Sessions(ctx)
		if err != nil {
			all = nil // without logind nobody is known to be at a desktop
		}
		found <- all
	}()
	return found
}

// atDesks returns the results of targets that reach nobody: it adds the people whom logind
// knows and who are on no terminal, and drops a target's result if the target means one of
// them.
func (t *told) atDesks(ctx context.Context, found []sessions.Session) []message.Result {
	if !slices.ContainsFunc(found, sessions.Session.Person) || len(t.nobody) == 0 && !slices.ContainsFunc(found, sessions.Session.Graphical) {
		return t.nobody
	}
	here := t.door.here
	here.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) { return found, nil })
	picture, err := here.Picture(ctx)
	if err != nil {
		return t.nobody
	}
	// desks are the results of those that targets mean who are on no terminal.
	desks := func(targets []target.Target) []message.Result {
		asked := t.request
		asked.Targets = targets
		chosen, err := here.Choose(ctx, t.door.me, picture, asked)
		if err != nil {
			return nil // msgd says so
		}
		return slices.DeleteFunc(chosen.Failed, func(f message.Result) bool {
			return f.Reason != message.NoTerminal || about(t.denied, f.Target)
		})
	}
	nobody := slices.DeleteFunc(t.nobody, func(one message.Result) bool {
		named := slices.DeleteFunc(slices.Clone(t.request.Targets), func(t target.Target) bool { return t.String() != one.Target })
		return len(named) > 0 && len(desks(named)) > 0
	})
	return append(nobody, desks(t.request.Targets)...)
}

func about(results []message.Result, target string) bool {
	return slices.ContainsFunc(results, func(r message.Result) bool { return r.Target == target })
}

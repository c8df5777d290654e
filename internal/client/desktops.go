package client

import (
	"context"
	"fmt"
	"slices"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/target"
)

// told is what msgd tells, with what it cannot know added.
type told struct {
	door    throughDoor
	request message.Request
	logins  <-chan logged
	tell    func(message.Result)

	nobody, denied []message.Result // of targets
	any            bool             // a terminal has its result
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
		t.desktops, t.any = append(t.desktops, r), true
		return
	}
	t.any = t.any || r.Terminal != ""
	t.tell(r)
}

// rest tells, once, who is not reached; with ask, it finds out who is at a desktop.
func (t *told) rest(ctx context.Context, ask bool) {
	if t.complete {
		return
	}
	t.complete = true
	if ask {
		if known := <-t.logins; known.err == nil {
			t.nobody = t.atDesks(ctx, known.sessions)
		} else {
			t.nobody = t.doubtful(known.err)
		}
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

// logged is what logind says.
type logged struct {
	sessions []sessions.Session
	err      error
}

// logins asks logind while msgd works.
func (d throughDoor) logins(ctx context.Context) <-chan logged {
	found := make(chan logged, 1)
	go func() {
		all, err := d.here.System.Logind.Sessions(ctx)
		found <- logged{all, err}
	}()
	return found
}

// doubtful returns the results of targets that reach nobody, if logind can't be asked whether they
// are at a desktop.
func (t *told) doubtful(err error) []message.Result {
	doubt := func(r message.Result) message.Result {
		r.Reason, r.Detail, r.Hint = message.Unknown, delivery.NoDesks(fmt.Errorf("logind: %w", err)), delivery.DoctorTells
		return r
	}
	results := slices.Clone(t.nobody)
	for i := range results {
		if results[i].Reason == message.NotLoggedIn {
			results[i] = doubt(results[i])
		}
	}
	everyone := func(t target.Target) bool { return t.Kind == target.Everyone }
	i := slices.IndexFunc(t.request.Targets, everyone)
	if i < 0 || t.any || len(results) > 0 || about(t.denied, t.request.Targets[i].String()) {
		return results
	}
	name := t.request.Targets[i].String()
	return append(results, doubt(message.Result{Event: message.Failed, Host: t.door.here.Name, Target: name}))
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

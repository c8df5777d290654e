package main

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"

	"msg/internal/client"
	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/wire"
)

// door is a way for messages to the terminals of this machine. Each has the same
// engine behind it.
type door interface {
	Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error
}

// doorFor chooses: root delivers in this process, anyone else through the helper;
// without one they reach their own terminals.
func doorFor(engine *local) door {
	if engine.UID == 0 {
		return logged{engine, delivery.Unlimited()}
	}
	if path := client.Find(); path != "" {
		return throughHelper{engine, path}
	}
	return ownTerminals{engine}
}

// logged is root's own way.
type logged struct {
	engine *local
	rules  delivery.Rules
}

// Send delivers in this process, and leaves an entry in the log as the helper
// does.
func (d logged) Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	system, err := config.Load(config.Path)
	if err != nil {
		system = config.Default() // it holds for others; msg doctor finds it
	}
	d.rules.Log = func(record delivery.Logged) {
		// A log that takes nothing keeps no message from going out.
		_ = journal.Local().Write(record.Entry(system.Journal.Text))
	}
	return d.engine.with(d.rules).Send(ctx, r, lines, report)
}

// ownTerminals is the way without a helper.
type ownTerminals struct{ engine *local }

// Send delivers to the caller's own terminals, and says of the others what is
// missing.
func (d ownTerminals) Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	if r.Wait {
		return &message.Refusal{Problem: "msg-helper, which waits for answers, is not installed", Hint: hints[message.NoHelper]}
	}
	return d.engine.with(delivery.Unlimited()).Send(ctx, r, lines, func(result message.Result) {
		report(without(result, "msg-helper, which may write there, is not installed"))
	})
}

// without tells a terminal that only the helper could have written to.
func without(r message.Result, why string) message.Result {
	if r.Reason == message.Denied && r.Terminal != "" {
		r.Reason, r.Detail = message.NoHelper, why
	}
	return r
}

// throughHelper is the way of everyone but root.
type throughHelper struct {
	engine *local
	path   string
}

// Send has the helper deliver. The helper knows no logind; who sits at a desktop
// is found out here.
func (d throughHelper) Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	out := &told{door: d, ctx: ctx, request: r, logins: d.logins(ctx), report: report}
	helper := client.Helper{Path: d.path, Hello: func(h wire.Hello) { out.privileged = h.Privileged }}
	err := helper.Send(ctx, r, lines, out.result)
	var failure *message.Failure
	if errors.As(err, &failure) {
		report(message.Result{Event: message.Failed, Host: d.engine.Name, Reason: failure.Reason, Detail: failure.Detail})
		out.rest(false)
		return nil
	}
	out.rest(err == nil)
	return err
}

// told is what the helper tells, with what it cannot know added.
type told struct {
	door       throughHelper
	ctx        context.Context
	request    message.Request
	logins     <-chan []sessions.Session
	report     func(message.Result)
	privileged bool

	nobody, denied []message.Result // of targets
	desktops       []message.Result // terminals that show one
	complete       bool
}

func (t *told) result(r message.Result) {
	r.User = t.door.name(t.ctx, r.User)
	if !t.privileged {
		r = without(r, "msg-helper, which may write there, has no right to")
	}
	switch {
	case r.Event == message.Open:
		t.rest(true) // before it waits
	case r.Target != "" && r.Reason == message.Denied:
		t.denied = append(t.denied, r)
	case r.Target != "" && r.Event == message.Failed:
		t.nobody = append(t.nobody, r)
		return
	case r.Reason == message.NoTerminal:
		t.desktops = append(t.desktops, r)
		return
	}
	t.report(r)
}

// rest reports, once, who is not reached; with asked, who is at a desktop is found out.
func (t *told) rest(asked bool) {
	if t.complete {
		return
	}
	t.complete = true
	if asked {
		t.nobody = t.door.atDesks(t.ctx, t.request, <-t.logins, t.nobody, t.denied)
	}
	for _, r := range t.nobody {
		t.report(r)
	}
	for _, r := range t.desktops {
		// logind may have told the same of their owner.
		if !slices.ContainsFunc(t.nobody, func(desk message.Result) bool { return desk.Reason == r.Reason && desk.User == r.User }) {
			t.report(r)
		}
	}
}

// name is a user's name where the helper, which asks nobody but the files, gives a
// number.
func (d throughHelper) name(ctx context.Context, user string) string {
	uid, err := strconv.ParseUint(user, 10, 32)
	if err != nil {
		return user
	}
	return cmp.Or(d.engine.Accounts.Name(ctx, uint32(uid)), user)
}

// logins asks logind while the helper works.
func (d throughHelper) logins(ctx context.Context) <-chan []sessions.Session {
	found := make(chan []sessions.Session, 1)
	go func() {
		all, err := d.engine.System.Logind(ctx)
		if err != nil {
			all = nil // without logind nobody is known to be at a desktop
		}
		found <- all
	}()
	return found
}

// atDesks adds the people whom logind knows to be logged in and who are on no
// terminal, and leaves out that nobody is where the target means one of them.
func (d throughHelper) atDesks(ctx context.Context, r message.Request, logins []sessions.Session, nobody, denied []message.Result) []message.Result {
	if !slices.ContainsFunc(logins, sessions.Session.Person) || len(nobody) == 0 && !slices.ContainsFunc(logins, sessions.Session.Graphical) {
		return nobody
	}
	engine := *d.engine
	engine.System.Logind = func(context.Context) ([]sessions.Session, error) { return logins, nil }
	picture, err := engine.Picture(ctx)
	if err != nil {
		return nobody
	}
	// desks are the results of those that targets mean who are on no terminal.
	desks := func(targets []target.Target) []message.Result {
		asked := r
		asked.Targets = targets
		chosen, err := engine.Choose(ctx, engine.Sender, picture, asked)
		if err != nil {
			return nil // it is the helper that says so
		}
		return slices.DeleteFunc(chosen.Failed, func(f message.Result) bool {
			return f.Reason != message.NoTerminal || about(denied, f.Target)
		})
	}
	nobody = slices.DeleteFunc(nobody, func(one message.Result) bool {
		named := slices.DeleteFunc(slices.Clone(r.Targets), func(t target.Target) bool { return t.String() != one.Target })
		return len(named) > 0 && len(desks(named)) > 0
	})
	return append(nobody, desks(r.Targets)...)
}

func about(results []message.Result, target string) bool {
	return slices.ContainsFunc(results, func(r message.Result) bool { return r.Target == target })
}

// Package delivery takes one message through: whom the targets mean, on which
// terminals they are, what each of these is written, and what became of it.
//
// Every terminal and every target ends in exactly one Result. The package
// knows no command line and no other host, and it keeps nothing.
package delivery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"time"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
)

// meansMany reports whether the targets may be many people.
func meansMany(r message.Request) bool {
	for _, t := range r.Targets {
		if t.Kind == target.Everyone || t.Kind == target.Group {
			return true
		}
	}
	return len(r.Targets) > few
}

// Engine delivers on this host, with the rights of the calling process.
type Engine struct {
	System   sessions.System
	Accounts *accounts.Directory
	Host     string // this host's name, in results and in the banner
	UID      uint32 // who sends
	Self     sessions.Self
	Now      func() time.Time

	// Files names the sender, where what getent says is only the caller's word; nil
	// has Accounts name them.
	Files *accounts.Directory

	Policy    *Policy      // nil: everything is allowed
	Privilege Privilege    // nil: the process has its rights all the time
	Log       func(Logged) // nil: nothing is logged

	// Spared are the terminals, by name, whose people have the message from elsewhere: they
	// are left out, and all that is shown on them, whoever is meant. nil spares nobody.
	Spared func(sessions.Picture) []string

	// Pending is where messages wait for answers; "" is answers.Dir.
	Pending string

	// Clear has removed what a message leaves there that waited, where the process may
	// not do that itself any more; nil where it may.
	Clear func()
}

// Picture looks who is logged in.
func (e *Engine) Picture(ctx context.Context) (sessions.Picture, error) {
	p, err := e.System.Read(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return p, &message.Refusal{Problem: "messages are delivered on Linux only, and this is " + runtime.GOOS}
	}
	return p, err
}

// Send delivers the message and hands each result to report as it comes, one
// at a time, in no particular order; one that takes long is first announced as
// Waiting. Its error says that nothing was sent.
func (e *Engine) Send(ctx context.Context, r message.Request, report func(message.Result)) error {
	book := e.newLogbook(ctx, r)
	err := e.send(ctx, r, book, func(result message.Result) {
		switch result.Event {
		case message.Delivered, message.Failed, message.Planned:
			book.add(result)
		}
		report(result)
	})
	book.end(err)
	return err
}

// Refuse does nothing but log that the request was not carried out, because of err,
// which it returns.
func (e *Engine) Refuse(ctx context.Context, r message.Request, err error) error {
	e.newLogbook(ctx, r).end(err)
	return err
}

func (e *Engine) newLogbook(ctx context.Context, r message.Request) *logbook {
	return &logbook{log: e.Log, record: Record{UID: e.UID, Request: r, Sender: e.sender(ctx, r, sessions.Picture{})}}
}

func (e *Engine) send(ctx context.Context, r message.Request, book *logbook, report func(message.Result)) error {
	r.Text = strings.TrimRight(r.Text, "\n")
	if err := e.check(r); err != nil {
		return err
	}
	if meansMany(r) {
		grown := growTable()
		defer func() { <-grown }() // nothing goes on behind us
	}
	picture, err := e.Picture(ctx)
	if err != nil {
		return err
	}
	book.record.Sender = e.sender(ctx, r, picture)
	book.record.LoginUID, book.record.LoggedIn = e.Self.LoginUID, e.behind(picture)
	targets := e.permitted(r.Targets, report)
	if len(targets) < len(r.Targets) && len(targets) == 0 {
		return nil
	}
	r.Targets = targets
	chosen, err := e.Choose(ctx, picture, r)
	if err != nil {
		return err
	}
	for _, failed := range chosen.Failed {
		report(failed)
	}
	// What needs to ask others (names, accounts) is done by now.
	if len(chosen.Places) > 0 {
		return e.deliver(ctx, r, chosen.Places, book, report)
	}
	return nil
}

// deliver has the rights of the process, where these are not always taken, for
// no longer than it takes to make a socket, to count the message and to open the terminals.
func (e *Engine) deliver(ctx context.Context, r message.Request, places []Place, book *logbook, report func(message.Result)) error {
	drop := func() {}
	if e.Privilege != nil {
		if err := e.Privilege.Take(); err != nil {
			return err
		}
		drop = sync.OnceFunc(e.Privilege.Drop)
		defer drop()
	}
	round := e.newRound(r, e.message(r, book.record.Sender), len(places))
	round.opened, round.begin = drop, book.begin
	if most := cap(round.room); r.Lines != nil && len(places) > most {
		return &message.Refusal{Problem: fmt.Sprintf("%d terminals; at most %d can be typed to", len(places), most)}
	}
	if !r.DryRun {
		_, _ = answers.Clear(e.pending(), e.UID) // what killed ones have left; the next one tries again
	}
	if !r.Wait || r.DryRun {
		if ok := r.DryRun || round.counted(ctx, places, report); ok {
			round.write(ctx, places, report)
		}
		return nil
	}
	w, err := e.waitFor(r, round.message, places)
	if err != nil {
		return err
	}
	if !round.counted(ctx, places, report) {
		w.socket.Close()
		return nil
	}
	round.message.Code, round.shown = w.socket.Code, w.reach
	round.opened = func() {
		drop() // before anybody is listened to
		w.listen()
	}
	w.while(ctx, report, func(report func(message.Result)) {
		round.write(ctx, places, report)
		book.end(nil)
		if r.Lines != nil {
			report(message.Result{Event: message.Open, Host: e.Host})
		}
	})
	return nil
}

// From is who sends, as a banner would name them that knows of no terminal.
func (e *Engine) From(ctx context.Context) string {
	return e.sender(ctx, message.Request{}, sessions.Picture{}).String()
}

func (e *Engine) root() bool { return e.UID == 0 }

// check refuses what no terminal should get.
func (e *Engine) check(r message.Request) error {
	most, lines, patience := message.MaxBytes, message.MaxLines, message.MaxPatience
	if e.root() {
		most, lines, patience = message.MaxBytesRoot, message.MaxLinesRoot, message.MaxPatienceRoot
	}
	if err := message.CheckText(r.Text); err != nil {
		return err
	}
	switch {
	case len(r.Text) > most:
		return &message.Refusal{Problem: fmt.Sprintf("the message is longer than %d KiB", most>>10)}
	case strings.Count(r.Text, "\n") >= lines:
		return &message.Refusal{Problem: fmt.Sprintf("the message has more than %d lines", lines)}
	case r.NoBanner && !e.root():
		return &message.Refusal{Problem: "only root may leave out the banner"}
	case r.AnswerTime < 0:
		return &message.Refusal{Problem: "a time to wait for answers that is less than none"}
	case r.Lines != nil && strings.Contains(r.Text, "\n"):
		return &message.Refusal{Problem: "what is typed line by line begins with one line"}
	case r.Time < 0 || r.Time > patience:
		return &message.Refusal{Problem: fmt.Sprintf("a terminal may take %v at most", patience)}
	case len(r.Targets)+len(r.Except) > message.MaxTargets && !e.root():
		return &message.Refusal{Problem: fmt.Sprintf("the message has more than %d targets", message.MaxTargets)}
	case !message.IsClaim(r.Says):
		return &message.Refusal{Problem: "who you say you are must be like alice@laptop"}
	}
	return nil
}

func (e *Engine) message(r message.Request, sender banner.Sender) banner.Message {
	m := banner.Message{Sender: sender, At: e.Now(), Text: r.Text, NoBanner: r.NoBanner}
	for _, t := range r.Targets {
		m.Broadcast = m.Broadcast || t.Kind == target.Everyone
	}
	return m
}

// sender is who sends: by the kernel's word, and marked as such, by their own.
func (e *Engine) sender(ctx context.Context, r message.Request, p sessions.Picture) banner.Sender {
	s := banner.Sender{User: e.name(ctx, e.UID), Host: e.Host, Says: r.Says}
	if e.Files != nil && s.Says == "" && e.Files.Name(ctx, e.UID) == "" {
		if says := e.Accounts.Name(ctx, e.UID); message.IsClaim(says) {
			s.Says = says
		}
	}
	if r.Says != "" {
		s.From = cmp.Or(e.Self.From, e.System.CameFrom(e.Self.Session))
	}
	for _, t := range p.Terminals {
		if t.Device == e.Self.Terminal {
			s.Terminal = t.Name
		}
	}
	switch {
	case e.behind(p):
		s.Note = e.name(ctx, e.Self.LoginUID)
	case s.Terminal == "":
		s.Note = e.Self.Job
	}
	return s
}

// behind reports whether the login uid names somebody else, behind sudo or su.
// Any process may set a login uid where none has been set (audit_set_loginuid in
// the kernel's kernel/auditsc.c), so of anyone but root it has to be borne out by
// the owner of the terminal or of the slice that they are in.
func (e *Engine) behind(p sessions.Picture) bool {
	login := e.Self.LoginUID
	if !e.Self.LoggedIn || login == e.UID {
		return false
	}
	for _, t := range p.Terminals {
		if t.Device == e.Self.Terminal && t.Owner == login {
			return true
		}
	}
	return e.root() || e.Self.InSlice && e.Self.SliceUID == login
}

// name returns a uid's name, else the number.
func (e *Engine) name(ctx context.Context, uid uint32) string {
	directory := e.Accounts
	if e.Files != nil {
		directory = e.Files
	}
	if name := directory.Name(ctx, uid); name != "" {
		return name
	}
	return fmt.Sprint(uid)
}

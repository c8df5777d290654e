// Package delivery takes one message through in stages: check the request, choose the places,
// count the message, open the terminals, write, and stay with what takes longer.
//
// Every terminal and every target ends in exactly one Result. The package knows no command
// line and no other host, and it keeps nothing.
package delivery

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
)

// Engine delivers for one sender on this host, with the rights of the calling process.
type Engine struct {
	Host   Host
	Sender Sender
	Rules  Rules
}

// Send delivers a message, as message.Send has it. Results come in no particular order; a
// terminal that takes long is first announced as Waiting.
func (e Engine) Send(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
	book, news := e.newLogbook(ctx, r), &news{more: make(chan struct{}, 1)}
	s := &sending{Engine: e, request: r, lines: lines, book: book, report: func(results ...message.Result) {
		for i := range results {
			book.add(results[i])
		}
		news.put(results)
	}}
	var err error
	go func() {
		defer close(news.more)
		err = s.send(ctx)
	}()
	news.tell(report)
	book.end(err)
	return err
}

// Refuse only logs that the request was not carried out because of err, and returns err.
func (e Engine) Refuse(ctx context.Context, r message.Request, err error) error {
	e.newLogbook(ctx, r).end(err)
	return err
}

func (e Engine) newLogbook(ctx context.Context, r message.Request) *logbook {
	sender := e.Sender.named(ctx, e.Host, r.Says, sessions.Picture{})
	return &logbook{log: e.Rules.Log, record: Record{UID: e.Sender.UID, Request: r, Sender: sender}}
}

// sending is one request on its way through the stages.
type sending struct {
	Engine
	request message.Request
	lines   *message.Lines // nil unless the request is Typed
	book    *logbook
	report  func(...message.Result) // never waits, and may be called by several at a time
	hanging hanging
}

// send does what needs to ask others (names, accounts); then it delivers.
func (s *sending) send(ctx context.Context) error {
	s.request.Text = strings.TrimRight(s.request.Text, "\n")
	if err := s.Sender.check(s.request); err != nil {
		return err
	}
	if err := checkFiles(); err != nil {
		return err
	}
	if meansMany(s.request.Targets) {
		grown := growTable()
		defer func() { <-grown }() // nothing goes on behind us
	}
	picture, err := s.Host.Picture(ctx)
	if err != nil {
		return err
	}
	for i := range picture.Terminals {
		if t := &picture.Terminals[i]; t.Hangs {
			s.hanging.add(t.Owner)
		}
	}
	s.book.record.Sender = s.Sender.named(ctx, s.Host, s.request.Says, picture)
	s.book.record.LoginUID, s.book.record.LoggedIn = s.Sender.Self.LoginUID, s.Sender.behind(picture)
	permitted := s.permitted()
	if len(permitted) == 0 && len(s.request.Targets) > 0 {
		return nil
	}
	s.request.Targets = permitted
	chosen, err := s.Host.Choose(ctx, s.Sender, picture, s.request, s.Rules.Spare(picture)...)
	if err != nil {
		return err
	}
	for _, failed := range chosen.Failed {
		s.report(failed)
	}
	if len(chosen.Places) == 0 {
		return nil
	}
	return s.deliver(ctx, s.outward(chosen.Places, picture.Forest()))
}

// meansMany reports whether the targets may be many people.
func meansMany(targets []target.Target) bool {
	many := func(t target.Target) bool { return t.Kind == target.Everyone || t.Kind == target.Group }
	return len(targets) > few || slices.ContainsFunc(targets, many)
}

// deliver takes the message to its places.
func (s *sending) deliver(ctx context.Context, places []Place) error {
	d := s.newDispatch(places)
	if most := cap(d.room); s.request.Typed && len(places) > most {
		return &message.Refusal{Problem: fmt.Sprintf("%d terminals; at most %d can be typed to", len(places), most)}
	}
	if !s.request.DryRun {
		_ = answers.Clear(s.Host.Pending) // what killed messages left; the next one tries again
	}
	var w *waiting
	if s.request.Wait && !s.request.DryRun {
		var err error
		if w, err = d.waitFor(); err != nil {
			return err
		}
		defer w.close()
	}
	t, ok := d.count(ctx)
	if !ok {
		return nil
	}
	err := d.carry(ctx, t)
	switch {
	case err != nil:
		d.typed.end(err)
		d.slow.Wait()
	case w == nil:
		d.finish(ctx)
	default:
		w.await(ctx)
	}
	return err
}

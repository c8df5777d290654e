// Package delivery takes one message through in stages, each of which hands its value on:
// check the request, choose the places, count the message, open the terminals, write, and
// stay with what takes longer.
//
// Every terminal and every target ends in exactly one Result. The package knows no command
// line and no other host, and it keeps nothing.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"msg/internal/answers"
	"msg/internal/banner"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/tty"
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
	book, news := e.newLogbook(ctx, r), newNews()
	s := &sending{Engine: e, request: r, lines: lines, book: book, report: func(one message.Result) {
		book.add(one)
		news.put(one)
	}}
	var err error
	go func() {
		defer news.end()
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
	report  func(message.Result) // never waits, and may be called by several at a time
}

// send does what needs to ask others (names, accounts); then it delivers.
func (s *sending) send(ctx context.Context) error {
	s.request.Text = strings.TrimRight(s.request.Text, "\n")
	if err := s.Sender.check(s.request); err != nil {
		return err
	}
	if meansMany(s.request) {
		grown := growTable()
		defer func() { <-grown }() // nothing goes on behind us
	}
	picture, err := s.Host.Picture(ctx)
	if err != nil {
		return err
	}
	s.book.record.Sender = s.Sender.named(ctx, s.Host, s.request.Says, picture)
	s.book.record.LoginUID, s.book.record.LoggedIn = s.Sender.Self.LoginUID, s.Sender.behind(picture)
	permitted := s.permitted()
	if len(permitted) == 0 && len(s.request.Targets) > 0 {
		return nil
	}
	s.request.Targets = permitted
	chosen, err := s.Host.choose(ctx, s.Sender, picture, s.request, s.Rules.Spare(picture))
	if err != nil {
		return err
	}
	for _, failed := range chosen.Failed {
		s.report(failed)
	}
	if len(chosen.Places) == 0 {
		return nil
	}
	return s.deliver(ctx, chosen.Places)
}

// meansMany reports whether the targets may be many people.
func meansMany(r message.Request) bool {
	for _, t := range r.Targets {
		if t.Kind == target.Everyone || t.Kind == target.Group {
			return true
		}
	}
	return len(r.Targets) > few
}

// deliver takes the message to its places. It holds the rights of the process, if these are
// not always taken, only while it makes a socket for answers, counts the message and opens
// the terminals.
func (s *sending) deliver(ctx context.Context, places []Place) error {
	if err := s.Rules.Privilege.Take(); err != nil {
		return err
	}
	drop := sync.OnceFunc(s.Rules.Privilege.Drop)
	defer drop()
	d := s.dispatch(places)
	if most := cap(d.room); s.request.Typed && len(places) > most {
		return &message.Refusal{Problem: fmt.Sprintf("%d terminals; at most %d can be typed to", len(places), most)}
	}
	if !s.request.DryRun {
		_, _ = answers.Clear(s.Host.Pending, s.Sender.UID) // what killed messages left; the next one tries again
	}
	if s.request.Wait && !s.request.DryRun {
		return d.carryAndWait(ctx, drop)
	}
	if t, ok := d.count(ctx); ok {
		d.carry(ctx, t, drop)
		d.finish(ctx)
	}
	return nil
}

// carryAndWait also makes the socket for answers, before the message counts. It hears nobody
// until the rights are gone.
func (d *dispatch) carryAndWait(ctx context.Context, drop func()) error {
	w, err := d.waitFor()
	if err != nil {
		return err
	}
	defer w.close()
	d.message.Code = w.socket.Code
	if t, ok := d.count(ctx); ok {
		d.carry(ctx, t, drop)
		w.listen()
		d.finish(ctx)
		d.book.end(nil)
		if d.request.Typed {
			d.sayOpen()
		}
		w.stay(ctx)
	}
	return nil
}

// dispatch is a message on its way to its places.
type dispatch struct {
	*sending
	places   []Place
	message  banner.Message
	audience *audience
	layouts  layouts

	work workers // bounds those that work, not those that wait for a terminal
	room room    // bounds the terminals that are open at once

	text, slow sync.WaitGroup // until the terminals that wait have the text; until they are done
	typed      typed
}

func (s *sending) dispatch(places []Place) *dispatch {
	return &dispatch{
		sending: s, places: places, message: s.newMessage(), audience: newAudience(places),
		layouts: layouts{all: map[tty.Screen]banner.Layout{}}, work: make(workers, atWork), room: make(room, openFiles()),
		typed: typed{lines: message.NewLines()},
	}
}

// carry opens the terminals and writes what they take at once, in batches if there are more
// than may be open. It drops the rights when the last one is open, and before anything is
// shown it logs what will be written to. Terminals that take longer wait by themselves.
func (d *dispatch) carry(ctx context.Context, t ticket, drop func()) {
	left := d.places
	for len(left) > 0 {
		n := d.room.take(len(left), t)
		if n == 0 {
			break // it is too late for these
		}
		batch := d.open(ctx, left[:n], t)
		if left = left[n:]; len(left) == 0 {
			drop()
		}
		d.logOpened(batch)
		longer := d.write(batch, t)
		d.stay(ctx, longer)
	}
	drop()
	d.logOpened(nil)
	d.fail(left, partly(errTooLate, 0, 0))
}

// logOpened logs, once, what came of opening the terminals. What shows a desktop is not in
// it: whether that is a place at all is known when all are open.
func (d *dispatch) logOpened(batch []attempt) {
	if d.request.DryRun {
		return
	}
	opened := make([]message.Result, 0, len(batch))
	for i := range batch {
		if a := &batch[i]; !errors.Is(a.err, message.NoTerminal) {
			opened = append(opened, d.result(a))
		}
	}
	d.book.begin(opened)
}

func (d *dispatch) fail(places []Place, err error) {
	for i := range places {
		d.report(d.Host.failedPlace(&places[i], err))
	}
}

// newMessage is what the terminals show.
func (s *sending) newMessage() banner.Message {
	m := banner.Message{Sender: s.book.record.Sender, At: s.Host.Now(), Text: s.request.Text, NoBanner: s.request.NoBanner}
	for _, t := range s.request.Targets {
		m.Broadcast = m.Broadcast || t.Kind == target.Everyone
	}
	return m
}

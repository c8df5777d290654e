// Package delivery takes one message through: whom the targets mean, on which
// terminals they are, what each of these is written, and what became of it.
//
// Every terminal and every target ends in exactly one Result. The package
// knows no command line and no other host, and it keeps nothing.
package delivery

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"time"

	"msg/internal/accounts"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/tty"
)

// What one message may hold, sent by a user and by root.
const (
	MaxBytes     = 8 << 10
	MaxLines     = 100
	MaxBytesRoot = 64 << 10
	MaxLinesRoot = 1000
)

// Patience is how long a terminal may take for a message unless said
// otherwise.
const Patience = 5 * time.Second

// Request is what a sender wants.
type Request struct {
	Targets []target.Target
	Except  []target.Target // who of these is left out
	Text    string          // as it came
	Time    time.Duration   // how long a terminal may take; 0 is Patience

	NoBanner bool // text alone; for root
	Polite   bool // root, too, leaves those alone who have messages off
	DryRun   bool // everything but the writing
}

// Engine delivers on this host, with the rights of the calling process.
type Engine struct {
	System   sessions.System
	Accounts *accounts.Directory
	Host     string // this host's name, in results and in the banner
	UID      uint32 // who sends
	Self     sessions.Self
	Now      func() time.Time
}

// RequestError is a request that nothing was done for, because of itself.
type RequestError struct {
	Problem string
	Hint    string // what to do instead, or ""
}

func (e *RequestError) Error() string { return e.Problem }

// Picture looks who is logged in.
func (e *Engine) Picture(ctx context.Context) (sessions.Picture, error) {
	p, err := e.System.Read(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return p, &RequestError{Problem: "messages are delivered on Linux only, and this is " + runtime.GOOS}
	}
	return p, err
}

// Send delivers the message and hands each result to report as it comes, one
// at a time, in no particular order; one that takes long is first announced as
// Waiting. Its error says that nothing was sent.
func (e *Engine) Send(ctx context.Context, r Request, report func(Result)) error {
	r.Text = strings.TrimRight(r.Text, "\n")
	if err := e.check(r); err != nil {
		return err
	}
	picture, err := e.Picture(ctx)
	if err != nil {
		return err
	}
	chosen, err := e.Choose(ctx, picture, r.Targets, r.Except)
	if err != nil {
		return err
	}
	for _, failed := range chosen.Failed {
		report(failed)
	}
	e.write(ctx, r, e.message(ctx, r, picture), chosen.Terminals, report)
	return nil
}

func (e *Engine) root() bool { return e.UID == 0 }

// check refuses what no terminal should get.
func (e *Engine) check(r Request) error {
	most, lines := MaxBytes, MaxLines
	if e.root() {
		most, lines = MaxBytesRoot, MaxLinesRoot
	}
	switch {
	case strings.TrimSpace(r.Text) == "":
		return &RequestError{Problem: "the message is empty"}
	case len(r.Text) > most:
		return &RequestError{Problem: fmt.Sprintf("the message is longer than %d KiB", most>>10)}
	case strings.Count(r.Text, "\n") >= lines:
		return &RequestError{Problem: fmt.Sprintf("the message has more than %d lines", lines)}
	case r.NoBanner && !e.root():
		return &RequestError{Problem: "only root may leave out the banner"}
	}
	return nil
}

func (e *Engine) message(ctx context.Context, r Request, p sessions.Picture) tty.Message {
	m := tty.Message{Sender: e.sender(ctx, p), At: e.Now(), Text: r.Text, NoBanner: r.NoBanner}
	for _, t := range r.Targets {
		m.Broadcast = m.Broadcast || t.Kind == target.Everyone
	}
	return m
}

// sender is who sends by the kernel's word alone.
func (e *Engine) sender(ctx context.Context, p sessions.Picture) tty.Sender {
	s := tty.Sender{User: e.name(ctx, e.UID), Host: e.Host}
	for _, t := range p.Terminals {
		if t.Device == e.Self.Terminal {
			s.Terminal = t.Name
		}
	}
	switch {
	case e.Self.LoggedIn && e.Self.LoginUID != e.UID:
		s.Note = e.name(ctx, e.Self.LoginUID) // behind sudo or su
	case s.Terminal == "":
		s.Note = e.Self.Job
	}
	return s
}

// name returns a uid's name, else the number.
func (e *Engine) name(ctx context.Context, uid uint32) string {
	if name := e.Accounts.Name(ctx, uid); name != "" {
		return name
	}
	return fmt.Sprint(uid)
}

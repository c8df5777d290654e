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
	"unicode"

	"msg/internal/accounts"
	"msg/internal/answers"
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

// MaxTargets is how many targets and exceptions a user's message may have: each
// name may have to be asked for.
const MaxTargets = 1000

// Patience is how long a terminal may take for a message unless said
// otherwise, MaxPatience how long at most. What users may say is less, as all that
// waits comes at once when a terminal is held no longer.
const (
	Patience        = 5 * time.Second
	MaxPatience     = 10 * time.Minute
	MaxPatienceRoot = 24 * time.Hour
)

// Request is what a sender wants.
type Request struct {
	Targets []target.Target
	Except  []target.Target // who of these is left out
	Text    string          // as it came
	Time    time.Duration   // how long a terminal may take; 0 is Patience

	NoBanner bool // text alone; for root
	Polite   bool // root, too, leaves those alone who have messages off
	DryRun   bool // everything but the writing

	// AllTerminals sends to every terminal of those meant, not to one for each
	// screen that they look at.
	AllTerminals bool

	// Wait has the message wait until each who has it has answered, or until AnswerTime has
	// passed; 0 is without end.
	Wait       bool
	AnswerTime time.Duration

	// Lines is what is typed after the text, line by line, closed at its end; nil where
	// the text is all.
	Lines <-chan string

	// Says is who sends by the client's own word: alice@laptop. It is shown
	// marked as that, and may be "".
	Says string
}

// meansMany reports whether the targets may be many people.
func (r Request) meansMany() bool {
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
	book := e.newLogbook(ctx, r)
	err := e.send(ctx, r, book, func(result Result) {
		switch result.Event {
		case Delivered, Failed, Planned:
			book.add(result)
		}
		report(result)
	})
	book.end(err)
	return err
}

// Refuse does nothing but log that the request was not carried out, because of err,
// which it returns.
func (e *Engine) Refuse(ctx context.Context, r Request, err error) error {
	e.newLogbook(ctx, r).end(err)
	return err
}

func (e *Engine) newLogbook(ctx context.Context, r Request) *logbook {
	return &logbook{log: e.Log, record: Record{UID: e.UID, Request: r, Sender: e.sender(ctx, r, sessions.Picture{})}}
}

func (e *Engine) send(ctx context.Context, r Request, book *logbook, report func(Result)) error {
	r.Text = strings.TrimRight(r.Text, "\n")
	if err := e.check(r); err != nil {
		return err
	}
	if r.meansMany() {
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
func (e *Engine) deliver(ctx context.Context, r Request, places []Place, book *logbook, report func(Result)) error {
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
		return &RequestError{Problem: fmt.Sprintf("%d terminals; at most %d can be typed to", len(places), most)}
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
	w.while(ctx, report, func(report func(Result)) {
		round.write(ctx, places, report)
		book.end(nil)
		if r.Lines != nil {
			report(Result{Event: Open, Host: e.Host})
		}
	})
	return nil
}

// From is who sends, as a banner would name them that knows of no terminal.
func (e *Engine) From(ctx context.Context) string {
	return e.sender(ctx, Request{}, sessions.Picture{}).String()
}

func (e *Engine) root() bool { return e.UID == 0 }

// CheckText refuses what nobody may send to anybody; how long a message may be is the
// affair of the host that delivers it.
func CheckText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &RequestError{Problem: "the message is empty"}
	case len(text) > MaxBytesRoot:
		return &RequestError{Problem: fmt.Sprintf("the message is longer than %d KiB", MaxBytesRoot>>10)}
	}
	return nil
}

// check refuses what no terminal should get.
func (e *Engine) check(r Request) error {
	most, lines, patience := MaxBytes, MaxLines, MaxPatience
	if e.root() {
		most, lines, patience = MaxBytesRoot, MaxLinesRoot, MaxPatienceRoot
	}
	if err := CheckText(r.Text); err != nil {
		return err
	}
	switch {
	case len(r.Text) > most:
		return &RequestError{Problem: fmt.Sprintf("the message is longer than %d KiB", most>>10)}
	case strings.Count(r.Text, "\n") >= lines:
		return &RequestError{Problem: fmt.Sprintf("the message has more than %d lines", lines)}
	case r.NoBanner && !e.root():
		return &RequestError{Problem: "only root may leave out the banner"}
	case r.AnswerTime < 0:
		return &RequestError{Problem: "a time to wait for answers that is less than none"}
	case r.Lines != nil && strings.Contains(r.Text, "\n"):
		return &RequestError{Problem: "what is typed line by line begins with one line"}
	case r.Time < 0 || r.Time > patience:
		return &RequestError{Problem: fmt.Sprintf("a terminal may take %v at most", patience)}
	case len(r.Targets)+len(r.Except) > MaxTargets && !e.root():
		return &RequestError{Problem: fmt.Sprintf("the message has more than %d targets", MaxTargets)}
	case !isClaim(r.Says):
		return &RequestError{Problem: "who you say you are must be like alice@laptop"}
	}
	return nil
}

func (e *Engine) message(r Request, sender tty.Sender) tty.Message {
	m := tty.Message{Sender: sender, At: e.Now(), Text: r.Text, NoBanner: r.NoBanner}
	for _, t := range r.Targets {
		m.Broadcast = m.Broadcast || t.Kind == target.Everyone
	}
	return m
}

// sender is who sends: by the kernel's word, and marked as such, by their own.
func (e *Engine) sender(ctx context.Context, r Request, p sessions.Picture) tty.Sender {
	s := tty.Sender{User: e.name(ctx, e.UID), Host: e.Host, Says: r.Says}
	if e.Files != nil && s.Says == "" && e.Files.Name(ctx, e.UID) == "" {
		if says := e.Accounts.Name(ctx, e.UID); isClaim(says) {
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

// MaxClaim bounds what a client says of itself, in bytes.
const MaxClaim = 64

// isClaim reports whether it can be shown in the banner: without what a banner
// itself is written with.
func isClaim(s string) bool {
	return len(s) <= MaxClaim && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '@' && r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
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

package delivery

import (
	"errors"

	"msg/internal/answers"
	"msg/internal/tty"
)

// Event is what a Result tells.
type Event string

// The events of this host.
const (
	Delivered Event = "delivered"
	Failed    Event = "failed"
	Planned   Event = "planned" // a dry run would have written

	// Waiting is no result, but that one takes long: the terminal is held.
	Waiting Event = "waiting"
)

// The events of a message that stays.
const (
	// Open is no result, but that every terminal has what was to be said first, or has
	// failed: from now on it waits for answers, or for more to be typed. It comes once more
	// when all has been typed, and only answers are missing.
	Open Event = "open"

	Answered   Event = "answered"   // by one person, who may have been before
	Unanswered Event = "unanswered" // by one person, in time
)

// The events of a host, of a message that names hosts.
const (
	Reached Event = "reached" // its part of the message was carried out
	Pushed  Event = "pushed"  // it had no msg, and got the helper for this message
)

// Reason is why a terminal or a target did not get the message.
type Reason = tty.Reason

// The reasons of a target; those of a terminal are package tty's.
const (
	NotLoggedIn Reason = "not-logged-in"
	NoTerminal  Reason = tty.NoText // logged in, but on no terminal
	Unknown     Reason = "unknown"  // there is no such user, group, terminal or session
)

// RateLimited is a terminal's: its sender has sent too many messages.
const (
	RateLimited Reason = "rate-limited"
)

// Result is what became of one terminal, or of one target that has none. Its
// names are raw bytes from outside.
type Result struct {
	Event    Event  `json:"event"`
	Host     string `json:"host"`
	User     string `json:"user,omitempty"`
	Terminal string `json:"terminal,omitempty"`
	Session  string `json:"session,omitempty"`
	Target   string `json:"target,omitempty"` // as the sender wrote it, where there is no terminal
	Reason   Reason `json:"reason,omitempty"`
	Detail   string `json:"detail,omitempty"`

	// Detached says that the terminal is a pane that nobody looks at until they
	// attach to its multiplexer again.
	Detached bool `json:"detached,omitempty"`

	// Of what is Answered: how, with which words, and how long after the message, in
	// milliseconds. The terminal is where the answer was typed.
	Answer  answers.Kind `json:"answer,omitempty"`
	Text    string       `json:"text,omitempty"`
	AfterMS int64        `json:"after_ms,omitempty"`

	// Hint is what to do about a host that failed, for people.
	Hint string `json:"-"`
}

// Summary counts the results of one message.
type Summary struct {
	Event     Event `json:"event"` // "summary"
	Delivered int   `json:"delivered"`
	Failed    int   `json:"failed"`
	Planned   int   `json:"planned,omitempty"`
	Answered  int   `json:"answered"` // people who have
	Hosts     int   `json:"hosts"`
}

// Add counts one more result.
func (s *Summary) Add(r Result) {
	switch r.Event {
	case Delivered:
		s.Delivered++
	case Planned:
		s.Planned++
	case Failed:
		s.Failed++
	case Waiting, Reached, Pushed, Open, Answered, Unanswered:
	}
}

func (e *Engine) onPlace(p *Place, event Event) Result {
	return Result{
		Event: event, Host: e.Host, User: p.User, Terminal: p.Name, Session: p.Session, Detached: p.Detached,
	}
}

func (e *Engine) failedPlace(p *Place, err error) Result {
	r := e.onPlace(p, Failed)
	var failure *tty.Failure
	if errors.As(err, &failure) {
		r.Reason, r.Detail = failure.Reason, failure.Detail
	} else {
		r.Reason, r.Detail = tty.Gone, err.Error()
	}
	return r
}

func (e *Engine) failedTarget(target string, reason Reason, detail string) Result {
	return Result{Event: Failed, Host: e.Host, Target: target, Reason: reason, Detail: detail}
}

package delivery

import (
	"context"
	"time"

	"msg/internal/consent"
	"msg/internal/sessions"
	"msg/internal/tty"
)

// Rules is what holds for a sender on this host. No function is nil: begin with Unlimited.
type Rules struct {
	Policy Policy

	// Log logs a record. Several may call it at a time. After an error, what the record is about
	// must not be shown.
	Log func(Logged) error

	// Open opens the terminals: tty.Directly in a process that may open them, else another
	// process does.
	Open tty.Opener

	// Everywhere returns what a person has said to the sender about all of theirs. Unsaid says
	// that people who say nothing take messages ([messages] unsaid of msg.conf(5)).
	Everywhere func(owner uint32) consent.Answer
	Unsaid     bool

	// Spare returns the terminals, by name, whose people have the message from elsewhere. Those
	// and all that is shown on them get nothing.
	Spare func(sessions.Picture) []string
}

// Unlimited returns the rules for a sender who may do everything, to people who take messages
// unless they say otherwise. Nothing is logged.
func Unlimited() Rules {
	return Rules{
		Policy: Policy{Unlimited: true}, Open: tty.Directly{}, Log: func(Logged) error { return nil },
		Everywhere: func(uint32) consent.Answer { return consent.Unsaid }, Unsaid: true,
		Spare: func(sessions.Picture) []string { return nil },
	}
}

// Policy is what this host lets the sender do.
type Policy struct {
	// Unlimited lets them do everything. Nothing is counted, and no message is ever too late.
	// It is for root.
	Unlimited bool

	Send      Permission // to anybody at all
	Broadcast Permission // to "*"

	// Count counts one message. It returns how long to wait if that is one too many. After an
	// error, the message must not go out. If it takes its time, it tells the sender why, by
	// note.
	Count func(ctx context.Context, note func(string)) (wait time.Duration, err error)
}

// Permission is whether the sender may, and who may in words: "root and %adm".
type Permission struct {
	Granted bool
	Who     string
}

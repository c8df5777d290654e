package delivery

import (
	"context"
	"time"

	"msg/internal/sessions"
)

// Rules is what holds for a sender on this host. No member is nil: begin with Unlimited.
type Rules struct {
	Policy    Policy
	Privilege Privilege
	Log       func(Logged)

	// Spare returns the terminals, by name, whose people have the message from elsewhere.
	// They are left out with all that is shown on them, whoever is meant.
	Spare func(sessions.Picture) []string

	// Clear removes what a message leaves behind that waited, if this process may not do
	// that itself any more.
	Clear func()
}

// Unlimited returns the rules for a sender who may do everything, in a process that has its
// rights all the time. Nothing is logged.
func Unlimited() Rules {
	return Rules{
		Policy: Policy{Unlimited: true}, Privilege: always{}, Log: func(Logged) {},
		Spare: func(sessions.Picture) []string { return nil }, Clear: func() {},
	}
}

// Policy is what this host lets the sender do.
type Policy struct {
	// Unlimited lets them do everything. Nothing is counted, and no message is ever too late.
	// It is for root.
	Unlimited bool

	Send      Permission // to anybody at all
	Broadcast Permission // to "*"

	// Count counts one message. It returns how long to wait if that is one too many, and an
	// error if it cannot count: then the message must not go out. It may take its time; then
	// it tells the sender why, by note.
	Count func(ctx context.Context, note func(string)) (wait time.Duration, err error)
}

// Permission is whether the sender may, and who may in words: "root and %adm".
type Permission struct {
	Granted bool
	Who     string
}

// Privilege is the right to open other people's terminals, for a program that does not use
// it all the time.
type Privilege interface {
	Take() error
	Drop() // for good; if that fails, the program ends
}

// always is the privilege of a process that has its rights all the time.
type always struct{}

func (always) Take() error { return nil }
func (always) Drop()       {}

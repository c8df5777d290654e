package message

import "fmt"

// Reason is why something did not get the message. --json shows its text, which never changes.
type Reason string

// The reasons of a terminal.
const (
	MessagesOff  Reason = "messages-off"   // its owner wants no messages (mesg n)
	Stuck        Reason = "stuck"          // it did not take everything by the deadline (Ctrl-S)
	Gone         Reason = "gone"           // it was closed or hung up
	Busy         Reason = "busy"           // a program has it exclusively (TIOCEXCL)
	Denied       Reason = "denied"         // the sender may not write to it
	NotATerminal Reason = "not-a-terminal" // the name leads to something else
	OwnerChanged Reason = "owner-changed"  // it belongs to somebody else by now
	RateLimited  Reason = "rate-limited"   // the sender has sent too many messages

	// GivenUp is a Stuck whose sender did not wait. --json and the protocol say Stuck (Public).
	GivenUp Reason = "given-up"
)

// The reasons of a target.
const (
	NotLoggedIn Reason = "not-logged-in"
	NoTerminal  Reason = "no-terminal" // logged in, but on no terminal, or one that shows a desktop
	Unknown     Reason = "unknown"     // there is no such user, group, terminal or session, or nobody can tell
)

// The reasons of a host.
const (
	Unreachable Reason = "unreachable" // nothing there takes connections, or nobody knows the name
	HostKey     Reason = "host-key"    // it may be another host: its key is not known, or has changed
	AuthFailed  Reason = "auth-failed" // it does not let the sender in
	NoHelper    Reason = "no-helper"   // it has no msg, or no msgd, or they do not start; JSON keeps the name from before msgd
	Version     Reason = "version"     // it speaks no protocol that this program does
	Refused     Reason = "refused"     // it did not carry out the request, because of the request
	Timeout     Reason = "timeout"     // it does not answer
	Interrupted Reason = "interrupted" // the sender gave up before it had the message
	Lost        Reason = "lost"        // it ended early: what it did is not known
)

// Error is the reason's text.
func (r Reason) Error() string { return string(r) }

// Is has errors.Is take GivenUp for a Stuck, too.
func (r Reason) Is(other error) bool { return r == GivenUp && other == Stuck }

// Public returns the reason as --json and the protocol name it.
func (r Reason) Public() Reason {
	if r == GivenUp {
		return Stuck
	}
	return r
}

// Failure is a Reason with a detail: what the kernel or a host said, how far a write came.
type Failure struct {
	Reason Reason
	Detail string
	Hint   string // what to do, or "" if the reason says enough
}

// Fail returns a Failure without a hint.
func Fail(reason Reason, format string, args ...any) *Failure {
	return &Failure{Reason: reason, Detail: fmt.Sprintf(format, args...)}
}

func (f *Failure) Error() string { return string(f.Reason) + ": " + f.Detail }

// Unwrap has errors.Is find the reason.
func (f *Failure) Unwrap() error { return f.Reason }

// Refusal is a request that nothing was done for, because of the request itself.
type Refusal struct {
	Problem string
	Hint    string // what to do instead, or ""
}

func (e *Refusal) Error() string { return e.Problem }

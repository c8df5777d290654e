package message

// Event is what a Result tells.
type Event string

// The events of one terminal or target.
const (
	Delivered Event = "delivered"
	Failed    Event = "failed"
	Planned   Event = "planned" // a dry run would have written

	// Waiting is no result. It says that one takes long: the terminal is held.
	Waiting Event = "waiting"
)

// The events of a message that stays.
const (
	// Open is no result. It says that every terminal has the text or has failed, and that the
	// message waits. It comes again when the last line is through and only answers are missing.
	Open Event = "open"

	Answered   Event = "answered"   // by one person, perhaps not for the first time
	Unanswered Event = "unanswered" // by one person, in time
)

// The events of a host, of a message that names hosts.
const (
	Reached Event = "reached" // it carried out its part of the message
	Pushed  Event = "pushed"  // it had no msg and got msgd for this message
)

// Result is what became of a terminal, or of a target without one. Its names are raw bytes.
type Result struct {
	Event    Event
	Host     string
	User     string
	Terminal string
	Session  string
	Target   string // as the sender wrote it, if there is no terminal
	Reason   Reason
	Detail   string

	Detached bool // the terminal is a pane that nobody sees until its user attaches again

	// Of an answer, typed at the terminal: how, in which words, how long after the message.
	Answer  Answer
	Text    string
	AfterMS int64

	Hint string // what to do about a host that failed, or about a target that can't be seen; for people
}

// OfHost reports whether the result is about a host as a whole.
func (r Result) OfHost() bool { return r.Terminal == "" && r.Target == "" }

// Names returns the fields that may hold bytes from outside, and have one line.
func (r *Result) Names() []*string {
	return []*string{&r.Host, &r.User, &r.Terminal, &r.Session, &r.Target, &r.Detail, &r.Hint}
}

// Counts is how many terminals and targets ended in which way.
type Counts struct{ Delivered, Failed, Planned int }

// Add counts one more result. Events that are no result count nothing.
func (c *Counts) Add(r Result) {
	switch r.Event {
	case Delivered:
		c.Delivered++
	case Planned:
		c.Planned++
	case Failed:
		c.Failed++
	}
}

package report

import (
	"encoding/json"

	"msg/internal/message"
)

// Object is a Result as --json prints it. Scripts rely on its keys.
type Object struct {
	Event    message.Event  `json:"event"`
	Host     string         `json:"host"`
	User     string         `json:"user,omitempty"`
	Terminal string         `json:"terminal,omitempty"` // below /dev: pts/3
	Session  string         `json:"session,omitempty"`  // logind's id
	Target   string         `json:"target,omitempty"`   // as the sender wrote it, if there is no terminal
	Reason   message.Reason `json:"reason,omitempty"`
	Detail   string         `json:"detail,omitempty"`
	Detached bool           `json:"detached,omitempty"`
	Answer   message.Answer `json:"answer,omitempty"`
	Text     string         `json:"text,omitempty"`     // of a reply
	AfterMS  int64          `json:"after_ms,omitempty"` // of an answer: milliseconds since the message
}

// ObjectOf returns a result as --json prints it.
func ObjectOf(r message.Result) Object {
	return Object{
		Event: r.Event, Host: r.Host, User: r.User, Terminal: r.Terminal, Session: r.Session, Target: r.Target,
		Reason: r.Reason.Public(), Detail: r.Detail, Detached: r.Detached, Answer: r.Answer, Text: r.Text, AfterMS: r.AfterMS,
	}
}

// Result returns what an object says.
func (o Object) Result() message.Result {
	return message.Result{
		Event: o.Event, Host: o.Host, User: o.User, Terminal: o.Terminal, Session: o.Session, Target: o.Target,
		Reason: o.Reason, Detail: o.Detail, Detached: o.Detached, Answer: o.Answer, Text: o.Text, AfterMS: o.AfterMS,
	}
}

// Summary is the last line of --json: what all results come to.
type Summary struct {
	Event     message.Event `json:"event"` // "summary"
	Delivered int           `json:"delivered"`
	Failed    int           `json:"failed"`
	Planned   int           `json:"planned,omitempty"`
	Answered  int           `json:"answered"` // people who have answered
	Hosts     int           `json:"hosts"`
}

// objects is the view of --json: each result as it comes.
type objects struct{ *Report }

func (v objects) result(r message.Result) {
	if r.Event != message.Waiting {
		v.object(ObjectOf(r))
	}
}

func (v objects) answer(r message.Result)     { v.object(ObjectOf(r)) }
func (v objects) unanswered(r message.Result) { v.object(ObjectOf(r)) }
func (v objects) tell()                       {}

func (v objects) end() {
	if !v.Partial {
		v.object(v.tally.Summary())
	}
}

// object prints a value as a line of JSON.
func (r *Report) object(value any) {
	data, err := json.Marshal(value)
	r.keep(err)
	r.print(string(data))
}

// PrintObject prints a value as a line of JSON. Its error is the first of writing to standard
// output.
func (r *Report) PrintObject(value any) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.object(value)
	return r.err
}

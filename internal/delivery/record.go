package delivery

import (
	"cmp"
	"fmt"
	"strings"

	"msg/internal/banner"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/target"
	"msg/internal/text"
)

// Logged is what leaves an entry in the log; withText has the text in it.
type Logged interface {
	Entry(withText bool) journal.Entry
}

// Record is one request and what became of it.
type Record struct {
	UID     uint32
	Sender  banner.Sender
	Request message.Request
	Results []message.Result
	Err     error // nothing was sent, because of this

	// LoginUID is who is behind the sender, where LoggedIn is true: somebody else.
	LoginUID uint32
	LoggedIn bool

	// Later marks what came otherwise than a first record of the request said.
	Later bool
}

// What an entry has of what may be long, in bytes: a datagram holds some 200 KiB.
const (
	mostNamed   = 200     // of the targets, in the line that people read
	mostTargets = 8 << 10 // of the targets, and the exceptions
	mostResults = 80 << 10
)

// Entry is the record as it is logged; withText with the message's text.
func (r Record) Entry(withText bool) journal.Entry {
	targets := names(r.Request.Targets)
	e := journal.Entry{Message: r.Sender.String() + " to " + journal.Cut(targets, mostNamed) + ": " + r.outcome()}
	add := func(name, value string) {
		if value != "" {
			e.Fields = append(e.Fields, journal.Field{Name: name, Value: value})
		}
	}
	sum := r.counts()
	add("MSG_UID", fmt.Sprint(r.UID))
	if r.LoggedIn {
		add("MSG_LOGIN_UID", fmt.Sprint(r.LoginUID))
	}
	add("MSG_SENDER", r.Sender.String())
	add("MSG_TARGETS", journal.Cut(targets, mostTargets))
	add("MSG_EXCEPT", journal.Cut(names(r.Request.Except), mostTargets))
	add("MSG_SENT", fmt.Sprint(sum.Delivered))
	add("MSG_FAILED", fmt.Sprint(sum.Failed))
	add("MSG_RESULTS", r.list())
	if r.Err != nil {
		add("MSG_REFUSED", text.Name(r.Err.Error()))
	}
	if r.Request.DryRun {
		add("MSG_DRY_RUN", "1")
	}
	if withText {
		add("MSG_TEXT", text.Clean(r.Request.Text))
	}
	return e
}

// LineRecord is one more line that was typed to a message.
type LineRecord struct {
	UID     uint32
	Sender  banner.Sender
	Targets []target.Target
	Line    string
}

// Entry is the line as it is logged.
func (r LineRecord) Entry(withText bool) journal.Entry {
	targets := names(r.Targets)
	e := journal.Entry{
		Message: r.Sender.String() + " to " + journal.Cut(targets, mostNamed) + ": one more line",
		Fields: []journal.Field{
			{Name: "MSG_UID", Value: fmt.Sprint(r.UID)},
			{Name: "MSG_SENDER", Value: r.Sender.String()},
			{Name: "MSG_TARGETS", Value: journal.Cut(targets, mostTargets)},
		},
	}
	if withText {
		e.Fields = append(e.Fields, journal.Field{Name: "MSG_TEXT", Value: text.Clean(r.Line)})
	}
	return e
}

// AnswerRecord is one answer to a message that waits, or somebody's attempt at one.
type AnswerRecord struct {
	UID    uint32        // who answers
	Name   string        // and their name, where they were asked
	Sender banner.Sender // of the message
	Code   string
	Kind   message.Answer
	Text   string
	Err    error // it was not taken, because of this
}

// Entry is the answer as it is logged.
func (r AnswerRecord) Entry(withText bool) journal.Entry {
	who := cmp.Or(r.Name, fmt.Sprint("uid ", r.UID))
	what := text.Name(who) + " to " + r.Sender.String() + ", " + r.Code + ": " + string(r.Kind)
	e := journal.Entry{Fields: []journal.Field{
		{Name: "MSG_UID", Value: fmt.Sprint(r.UID)},
		{Name: "MSG_ANSWERS", Value: r.Sender.String()},
		{Name: "MSG_CODE", Value: r.Code},
		{Name: "MSG_ANSWER", Value: string(r.Kind)},
	}}
	if r.Err != nil {
		what += ", refused, " + r.Err.Error()
		e.Fields = append(e.Fields, journal.Field{Name: "MSG_REFUSED", Value: r.Err.Error()})
	}
	if withText && r.Text != "" {
		e.Fields = append(e.Fields, journal.Field{Name: "MSG_TEXT", Value: text.Clean(r.Text)})
	}
	e.Message = what
	return e
}

func names(targets []target.Target) string {
	words := make([]string, len(targets))
	for i, t := range targets {
		words[i] = text.Name(t.String())
	}
	return strings.Join(words, ",")
}

func (r Record) counts() message.Counts {
	var sum message.Counts
	for _, one := range r.Results {
		sum.Add(one)
	}
	return sum
}

// outcome says in words what became of the request: sent to 2, failed 1
// (messages-off).
func (r Record) outcome() string {
	if r.Err != nil {
		return "refused, " + text.Name(r.Err.Error())
	}
	sum := r.counts()
	words := fmt.Sprintf("sent to %d, failed %d", sum.Delivered, sum.Failed)
	switch {
	case r.Request.DryRun:
		words = fmt.Sprintf("dry run, would send to %d, failed %d", sum.Planned, sum.Failed)
	case r.Later:
		words = "later " + words
	}
	var reasons []string
	for _, one := range r.Results {
		if reason := string(one.Reason.Public()); reason != "" && !strings.Contains(" "+strings.Join(reasons, " ")+" ", " "+reason+" ") {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 0 {
		words += " (" + strings.Join(reasons, ", ") + ")"
	}
	return words
}

// list has a line for each result, those that were sent to first: bob pts/2 sent.
func (r Record) list() string {
	var sent, failed []string
	for _, one := range r.Results {
		words := []string{one.User, one.Terminal, "sent"}
		if one.Terminal == "" {
			words = []string{one.Target, ""}
		}
		if one.Event == message.Delivered {
			sent = append(sent, text.Name(strings.Join(words, " ")))
			continue
		}
		words[len(words)-1] = cmp.Or(string(one.Reason.Public()), string(one.Event))
		failed = append(failed, text.Name(strings.Join(words, " ")))
	}
	return journal.Cut(strings.Join(append(sent, failed...), "\n"), mostResults)
}

package delivery

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
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

// ToLog returns a Rules.Log that writes to an open log. A system without a log, or with one that
// takes nothing, keeps no message from going out; msg doctor finds it. What this process alone
// can't log does not go out.
func ToLog(w *journal.Writer, withText bool) func(Logged) error {
	return func(l Logged) error {
		err := w.Write(l.Entry(withText))
		if errors.Is(err, journal.ErrNone) {
			return nil
		}
		return err
	}
}

// NotLogged is the refusal of a message that this process can't log.
func NotLogged(err error) error {
	return &message.Refusal{Problem: "the message can't be logged: " + err.Error(), Hint: "what can't be logged is not sent"}
}

// Record is one request and what became of it.
type Record struct {
	UID     uint32
	Sender  banner.Sender
	Request message.Request
	Results []message.Result
	Err     error // nothing was sent, because of this

	LoginUID uint32 // who is behind the sender: somebody else
	LoggedIn bool   // LoginUID is known

	Later bool // what came otherwise than a first record of the request said
}

// What an entry has of what may be long, in bytes: a datagram holds some 200 KiB.
const (
	mostNamed   = 200     // of the targets, in the line that people read
	mostTargets = 8 << 10 // of the targets, and the exceptions
	mostResults = 80 << 10
)

// fields is those of an entry.
type fields []journal.Field

// fieldsOf begins an entry about somebody.
func fieldsOf(uid uint32) fields { return fields{{Name: "MSG_UID", Value: fmt.Sprint(uid)}} }

// add adds a field, unless it is empty.
func (f *fields) add(name, value string) {
	if value != "" {
		*f = append(*f, journal.Field{Name: name, Value: value})
	}
}

// Entry is the record as it is logged; withText with the message's text.
func (r Record) Entry(withText bool) journal.Entry {
	targets := names(r.Request.Targets)
	var sum message.Counts
	for _, one := range r.Results {
		sum.Add(one)
	}
	f := fieldsOf(r.UID)
	if r.LoggedIn {
		f.add("MSG_LOGIN_UID", fmt.Sprint(r.LoginUID))
	}
	f.add("MSG_SENDER", r.Sender.String())
	f.add("MSG_TARGETS", journal.Cut(targets, mostTargets))
	f.add("MSG_EXCEPT", journal.Cut(names(r.Request.Except), mostTargets))
	f.add("MSG_SENT", fmt.Sprint(sum.Delivered))
	f.add("MSG_FAILED", fmt.Sprint(sum.Failed))
	f.add("MSG_RESULTS", r.list())
	if r.Err != nil {
		f.add("MSG_REFUSED", text.Name(r.Err.Error()))
	}
	if r.Request.DryRun {
		f.add("MSG_DRY_RUN", "1")
	}
	if withText {
		f.add("MSG_TEXT", text.Clean(r.Request.Text))
	}
	return journal.Entry{Message: said(r.Sender, targets, r.outcome(sum)), Fields: f}
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
	f := fieldsOf(r.UID)
	f.add("MSG_SENDER", r.Sender.String())
	f.add("MSG_TARGETS", journal.Cut(targets, mostTargets))
	if withText { // an empty line, too
		f = append(f, journal.Field{Name: "MSG_TEXT", Value: text.Clean(r.Line)})
	}
	return journal.Entry{Message: said(r.Sender, targets, "one more line"), Fields: f}
}

// said is what people read of an entry about a message.
func said(s banner.Sender, targets, what string) string {
	return s.String() + " to " + journal.Cut(targets, mostNamed) + ": " + what
}

// AnswerRecord is one answer to a message that waits, or somebody's attempt at one.
type AnswerRecord struct {
	UID    uint32        // who answers
	Name   string        // and their name, if they were asked
	Sender banner.Sender // of the message
	Code   string
	Kind   message.Answer
	Text   string
	Err    error // it was not taken, because of this
}

// Entry is the answer as it is logged.
func (r AnswerRecord) Entry(withText bool) journal.Entry {
	who := cmp.Or(r.Name, fmt.Sprint("uid ", r.UID))
	words := text.Name(who) + " to " + r.Sender.String() + ", " + r.Code + ": " + string(r.Kind)
	f := fieldsOf(r.UID)
	f.add("MSG_ANSWERS", r.Sender.String())
	f.add("MSG_CODE", r.Code)
	f.add("MSG_ANSWER", string(r.Kind))
	if r.Err != nil {
		words += ", refused, " + r.Err.Error()
		f.add("MSG_REFUSED", r.Err.Error())
	}
	if withText {
		f.add("MSG_TEXT", text.Clean(r.Text))
	}
	return journal.Entry{Message: words, Fields: f}
}

func names(targets []target.Target) string {
	words := make([]string, len(targets))
	for i, t := range targets {
		words[i] = text.Name(t.String())
	}
	return strings.Join(words, ",")
}

// outcome says in words what became of the request: sent to 2, failed 1 (messages-off).
func (r Record) outcome(sum message.Counts) string {
	if r.Err != nil {
		return "refused, " + text.Name(r.Err.Error())
	}
	words := fmt.Sprintf("sent to %d, failed %d", sum.Delivered, sum.Failed)
	switch {
	case r.Request.DryRun:
		words = fmt.Sprintf("dry run, would send to %d, failed %d", sum.Planned, sum.Failed)
	case r.Later:
		words = "later " + words
	}
	var reasons []string
	for _, one := range r.Results {
		if reason := string(one.Reason.Public()); reason != "" && !slices.Contains(reasons, reason) {
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
		where := one.User + " " + one.Terminal
		if one.Terminal == "" {
			where = one.Target
		}
		if one.Event == message.Delivered {
			sent = append(sent, text.Name(where+" sent"))
		} else {
			failed = append(failed, text.Name(where+" "+cmp.Or(string(one.Reason.Public()), string(one.Event))))
		}
	}
	return journal.Cut(strings.Join(append(sent, failed...), "\n"), mostResults)
}

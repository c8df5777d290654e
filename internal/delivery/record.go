package delivery

import (
	"cmp"
	"fmt"
	"strings"

	"msg/internal/journal"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/text"
	"msg/internal/tty"
)

// Record is one request and what became of it.
type Record struct {
	UID     uint32
	Self    sessions.Self
	Sender  tty.Sender
	Request Request
	Results []Result
	Err     error // nothing was sent, because of this

	// Later marks what came otherwise than a first record of the request said.
	Later bool
}

// mostResults bounds the results that an entry names one by one.
const mostResults = 100

// Entry is the record as it is logged; withText with the message's text.
func (r Record) Entry(withText bool) journal.Entry {
	targets := names(r.Request.Targets)
	e := journal.Entry{Message: r.Sender.String() + " to " + targets + ": " + r.outcome()}
	add := func(name, value string) {
		if value != "" {
			e.Fields = append(e.Fields, journal.Field{Name: name, Value: value})
		}
	}
	sum := r.summary()
	add("MSG_UID", fmt.Sprint(r.UID))
	if r.Self.LoggedIn {
		add("MSG_LOGIN_UID", fmt.Sprint(r.Self.LoginUID))
	}
	add("MSG_SENDER", r.Sender.String())
	add("MSG_TARGETS", targets)
	add("MSG_EXCEPT", names(r.Request.Except))
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

func names(targets []target.Target) string {
	words := make([]string, len(targets))
	for i, t := range targets {
		words[i] = text.Name(t.String())
	}
	return strings.Join(words, ",")
}

func (r Record) summary() Summary {
	var sum Summary
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
	sum := r.summary()
	words := fmt.Sprintf("sent to %d, failed %d", sum.Delivered, sum.Failed)
	switch {
	case r.Request.DryRun:
		words = fmt.Sprintf("dry run, would send to %d, failed %d", sum.Planned, sum.Failed)
	case r.Later:
		words = "later " + words
	}
	var reasons []string
	for _, one := range r.Results {
		if reason := string(one.Reason); reason != "" && !strings.Contains(" "+strings.Join(reasons, " ")+" ", " "+reason+" ") {
			reasons = append(reasons, reason)
		}
	}
	if len(reasons) > 0 {
		words += " (" + strings.Join(reasons, ", ") + ")"
	}
	return words
}

// list has a line for each result: bob pts/2 sent.
func (r Record) list() string {
	var lines []string
	for _, one := range r.Results {
		if len(lines) == mostResults {
			lines = append(lines, "…")
			break
		}
		what := "sent"
		if one.Event != Delivered {
			what = cmp.Or(string(one.Reason), string(one.Event))
		}
		words := []string{one.User, one.Terminal, what}
		if one.Terminal == "" {
			words = []string{one.Target, what}
		}
		lines = append(lines, text.Name(strings.Join(words, " ")))
	}
	return strings.Join(lines, "\n")
}

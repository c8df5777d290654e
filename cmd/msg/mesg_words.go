package main

import (
	"fmt"
	"strings"
	"time"

	"msg/internal/consent"
	"msg/internal/text"
)

// mesgState is whether messages come to the user, as msg mesg tells it.
type mesgState struct {
	terminal string // below /dev; "" if the user is at none
	verdict  consent.Verdict
	word     consent.Word // for all the user's terminals, as it holds now
}

// asJSON is the state as --json prints it.
func (s mesgState) asJSON() any {
	out := struct {
		Terminal   string        `json:"terminal,omitempty"`
		Messages   *bool         `json:"messages,omitempty"`
		Why        consent.Why   `json:"why,omitempty"`
		Everywhere *consent.Word `json:"everywhere,omitempty"`
	}{Terminal: s.terminal}
	if s.terminal != "" {
		out.Messages, out.Why = &s.verdict.On, s.verdict.Why
	}
	if s.hasWord() {
		out.Everywhere = &s.word
	}
	return out
}

func (s mesgState) hasWord() bool { return s.word.Say != consent.Unsaid || !s.word.Until.IsZero() }

// inWords is the state for people: a line about the terminal, and one about all of them if the
// user has said something about those.
func (s mesgState) inWords(now time.Time) string {
	var out strings.Builder
	if s.terminal != "" {
		fmt.Fprintf(&out, "messages are %s here: %s\n", onOff(s.verdict.On), ownWords[s.verdict])
	}
	switch {
	case s.hasWord():
		fmt.Fprintf(&out, "for all your terminals: %s\n", spoken(s.word, now))
	case s.terminal == "":
		out.WriteString("for all your terminals: nothing\n")
	}
	return out.String()
}

// ownWords tells a terminal's owner why messages are on or off, and what to type if they are off.
var ownWords = map[consent.Verdict]string{
	{On: true, Why: consent.SaidHere}:        "you said so on this terminal",
	{On: false, Why: consent.SaidHere}:       `you said so on this terminal; "msg mesg y" switches them on`,
	{On: true, Why: consent.SaidEverywhere}:  "you said so for all your terminals",
	{On: false, Why: consent.SaidEverywhere}: `you said so for all your terminals; "msg mesg --everywhere default" takes that back`,
	{On: true, Why: consent.Began}:           "this terminal began so, and you have said nothing",
	{On: true, Why: consent.ByDefault}:       "by default, as you have said nothing",
	{On: false, Why: consent.ByDefault}:      `by default on this system, as you have said nothing; "msg mesg y" switches them on`,
	{On: false, Why: consent.RootsTerminal}:  `a terminal of root's needs a yes; "msg mesg y" says it`,
	{On: false, Why: consent.Unreadable}:     `what you said for all your terminals can't be read; "msg mesg --everywhere default" takes it back`,
}

// spoken writes a word: no, until 15:04; then yes, from bob and %ops alone.
func spoken(w consent.Word, now time.Time) string {
	out := map[consent.Answer]string{consent.Unsaid: "nothing", consent.Yes: "yes", consent.No: "no"}[w.Say]
	if len(w.Only) > 0 {
		out += ", from " + text.Name(joined(w.Only)) + " alone"
	}
	if w.Until.IsZero() {
		return out
	}
	out += ", until " + untilClock(w.Until, now)
	if w.After != nil {
		out += "; then " + spoken(*w.After, now)
	}
	return out
}

// untilClock writes a time of today as 15:04, another with its date.
func untilClock(t, now time.Time) string {
	t = t.Local()
	switch {
	case t.Format(time.DateOnly) == now.Local().Format(time.DateOnly):
		return t.Format("15:04")
	case t.Sub(now) < 300*24*time.Hour:
		return t.Format("Jan 02 15:04")
	}
	return t.Format(time.DateOnly)
}

// joined writes a, b and c.
func joined(names []string) string {
	last := len(names) - 1
	if last < 1 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

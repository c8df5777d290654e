// Package message is the vocabulary that all other packages share: what a sender asks for
// (Request, Lines), what became of it (Result, Reason), and the two ways to fail (Refusal,
// Failure).
//
// It opens no file, asks nobody and writes nowhere. Its types are JSON elsewhere: in package
// report for people's scripts, in package wire for the conversation between two programs.
package message

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"msg/internal/target"
)

// What one message may hold, sent by a user and by root.
const (
	MaxBytes     = 8 << 10
	MaxLines     = 100
	MaxBytesRoot = 64 << 10
	MaxLinesRoot = 1000
)

// MaxTargets limits the targets and exceptions of a user's message: each may be looked up.
const MaxTargets = 1000

// Patience is how long a terminal may take for a message by default. A user may ask for
// MaxPatience at most: all that waits arrives at once when a held terminal is released.
const (
	Patience        = 5 * time.Second
	MaxPatience     = 10 * time.Minute
	MaxPatienceRoot = 24 * time.Hour
)

// MaxClaim limits what a client says of itself, in bytes.
const MaxClaim = 64

// Request is what a sender wants.
type Request struct {
	Targets []target.Target
	Except  []target.Target // these are left out
	Text    string          // as it came
	Time    time.Duration   // how long a terminal may take; 0 is Patience

	NoBanner bool // text alone; for root
	Polite   bool // root, too, skips terminals whose messages are off
	DryRun   bool // everything but the writing

	// AllTerminals sends to every terminal of a recipient, not only to one for each screen.
	AllTerminals bool

	Wait       bool          // until each recipient has answered
	AnswerTime time.Duration // or until that has passed; 0 is without end
	Typed      bool          // more lines follow the text, one by one, in a Lines

	// Says is who sends by the client's own word, marked as that: alice@laptop. It may be "".
	Says string
}

// Stays reports whether the message waits for answers or lines when its text is through.
func (r Request) Stays() bool { return !r.DryRun && (r.Wait || r.Typed) }

// CheckText refuses a text that no host takes from anybody.
func CheckText(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return &Refusal{Problem: "the message is empty"}
	case len(text) > MaxBytesRoot:
		return &Refusal{Problem: fmt.Sprintf("the message is longer than %d KiB", MaxBytesRoot>>10)}
	}
	return nil
}

// IsClaim reports whether a banner can show a client's word for who sends: it has nothing
// that a banner itself is written with.
func IsClaim(s string) bool {
	return len(s) <= MaxClaim && !strings.ContainsFunc(s, func(r rune) bool {
		return r != '@' && r != '.' && r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	})
}

// Answer is how a recipient answers a message that waits.
type Answer string

// The answers.
const (
	OK    Answer = "ok" // the acknowledgement
	Reply Answer = "reply"
)

// Package answers is how a message that waits is answered: a socket for each in one
// directory, named by a code that people can type. Who sends listens there, in the
// program that has delivered the message; who is asked connects, asks whether the message
// is theirs, or answers it, and has a reaction. One line of JSON goes each way:
//
//	{"want":"show"}  {"want":"ok"}  {"want":"reply","text":"VGVuIG1pbnV0ZXM="}
//	{"event":"message","from":"root@d13","at_ms":1764100000000,"text":"Restart at five?"}
//	{"event":"taken", …}   {"event":"refused","problem":"…"}   {"event":"busy"}
//
// Texts of answers are base64 of their bytes, which need not be UTF-8. Who answers is the
// kernel's word (SO_PEERCRED in unix(7)); only root says itself for whom.
//
// Nothing is kept: a code is good for as long as somebody listens. The directory is
// root's and the helper's group's, so that what listens there is known to be one of
// ours; it is refused where others may write to it. The package does not judge who may
// answer.
package answers

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"msg/internal/message"
)

// Dir is where the sockets are.
const Dir = "/run/msg/pending"

// MaxText bounds a reply, in bytes. Made harmless, and written as JSON, nine times as
// much still goes into a line between msg and its helper.
const MaxText = 4 << 10

// MaxLines bounds the lines of a reply.
const MaxLines = 50

// MostEach is how many messages of one user may wait at once.
const MostEach = 64

// show asks for the message, and answers nothing.
const show message.Answer = "show"

// Answer is what somebody answers.
type Answer struct {
	Kind message.Answer
	Text string // of a reply, as it came

	// For is whom root answers for: who logged in, behind sudo. It is ignored of
	// anyone else.
	For *uint32

	UID uint32 // who connected, by the kernel's word
	PID int    // their process, or 0 where it is not to be seen from here
}

// Message is what is answered, as its recipients may see it.
type Message struct {
	Code     string
	From     string // the sender, as the banner names them
	At       time.Time
	Text     string // made harmless; its beginning, where it is long
	Answered bool   // by who asks
}

// Desk is what judges, and takes, the answers to one message. Its methods may be called
// at any time, also side by side.
type Desk interface {
	// Asks reports whether the message has asked that user, or anybody else root
	// answers for.
	Asks(Answer) bool

	// Message is what a user who is asked may see of it.
	Message(Answer) Message

	// Take takes an answer, or says in words why it does not. What comes from who is
	// not asked gets here, too.
	Take(Answer) error
}

// The errors of who answers.
var (
	ErrNobody = errors.New("nobody waits for that answer any more")
	ErrBusy   = errors.New("too many want to answer; try again")
	ErrSilent = errors.New("who waits for the answer does not take it; perhaps it is stopped")
)

// NotAsked is what is said to who was not sent a message.
const NotAsked = "that message was not sent to you"

// Refused is why an answer was not taken, in the words of who waits for it.
type Refused struct{ Problem string }

func (r *Refused) Error() string { return r.Problem }

// ErrNowhere says that there is no place for sockets, or none that is safe.
var ErrNowhere = errors.New("nowhere to wait for answers")

// ErrTooMany says that too many messages of one user wait already.
var ErrTooMany = fmt.Errorf("%d messages of yours wait for answers already", MostEach)

// question is the line that is sent, reaction the one that comes back.
type question struct {
	Want message.Answer `json:"want"`
	Text []byte         `json:"text,omitempty"`
	For  *uint32        `json:"for,omitempty"`
}

type reaction struct {
	Event    string `json:"event"`
	From     string `json:"from,omitempty"`
	AtMS     int64  `json:"at_ms,omitempty"`
	Text     string `json:"text,omitempty"`
	Answered bool   `json:"answered,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

const (
	eventMessage = "message"
	eventTaken   = "taken"
	eventRefused = "refused"
	eventBusy    = "busy" // nothing was read
)

// Bounds of a line, in bytes.
const (
	mostQuestion = 2 * MaxText
	mostReaction = 8 << 10
	mostShown    = 512 // of the message's text
)

// A code is a letter, a digit and a letter that nobody takes for another, and no word.
const (
	letters = "abcdefghjkmnpqrstuvwxyz"
	digits  = "23456789"
)

// IsCode reports whether it is of a code's form.
func IsCode(s string) bool {
	return len(s) == 3 && strings.Contains(letters, s[:1]) && strings.Contains(digits, s[1:2]) && strings.Contains(letters, s[2:])
}

// code makes one of three random bytes.
func code(random [3]byte) string {
	return string([]byte{
		letters[int(random[0])%len(letters)], digits[int(random[1])%len(digits)], letters[int(random[2])%len(letters)],
	})
}

// CheckReply refuses what is no reply.
func CheckReply(text string) error {
	switch {
	case strings.TrimSpace(text) == "":
		return errors.New("the reply is empty")
	case len(text) > MaxText:
		return fmt.Errorf("the reply is longer than %d KiB", MaxText>>10)
	case strings.Count(text, "\n") >= MaxLines:
		return fmt.Errorf("the reply has more than %d lines", MaxLines)
	}
	return nil
}

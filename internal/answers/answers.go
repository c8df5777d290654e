// Package answers takes the answers to a message that waits. Each such message has a socket
// in one directory, named by a code that people can type. The program that has delivered the
// message listens there. Package ask has the other end: whoever is asked connects, asks for
// the message or answers it, and gets a reaction. One line of JSON goes each way:
//
//	{"want":"show"}  {"want":"ok"}  {"want":"reply","text":"VGVuIG1pbnV0ZXM="}
//	{"event":"message","from":"root@d13","at_ms":1764100000000,"text":"Restart at five?"}
//	{"event":"taken", …}   {"event":"refused","problem":"…"}   {"event":"busy"}
//
// The text of a reply is the base64 of its bytes, which need not be UTF-8. Who answers is the
// kernel's word (SO_PEERCRED in unix(7)); only root says for whom it answers.
//
// Nothing is kept: a code is good for as long as somebody listens. Only root and msgd's
// account may write to the directory; any other is refused. A Desk judges who may answer.
package answers

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"msg/internal/message"
)

// Dir is where the sockets are.
const Dir = "/run/msg/pending"

// The limits of a reply.
const (
	// MaxText is in bytes. Made harmless, and written as JSON, nine times as much still goes
	// into a line between msg and msgd.
	MaxText  = 4 << 10
	MaxLines = 50
)

// Show asks for the message, and answers nothing.
const Show message.Answer = "show"

// Answer is one person's answer.
type Answer struct {
	Kind message.Answer
	Text string // of a reply, as it came

	// For is whom root answers for: the user who logged in, behind sudo. Only root may set it.
	For *uint32

	UID uint32 // who connected, by the kernel's word
	PID int    // their process, or 0 if it is in another namespace
}

// Message is what is answered, as its recipients may see it.
type Message struct {
	Code     string
	From     string // the sender, as the banner names them
	At       time.Time
	Text     string // made harmless; the beginning of a long one
	Answered bool   // by the user who asks
}

// Desk judges and takes the answers to one message. Its methods may be called side by side.
type Desk interface {
	// Asks reports whether the message has asked that user, or the one root answers for.
	Asks(Answer) bool

	// Message returns what a user who is asked may see of it.
	Message(Answer) Message

	// Take takes an answer, or says in words why not. It judges who may answer.
	Take(Answer) error
}

// The errors of answers and of sockets for them.
var (
	ErrNobody  = errors.New("nobody waits for that answer any more")
	ErrNowhere = errors.New("nowhere to wait for answers") // no directory, or none that is safe
)

// NotAsked is what a user hears whom the message was not sent to.
const NotAsked = "that message was not sent to you"

// Question is the line that asks or answers.
type Question struct {
	Want message.Answer `json:"want"`
	Text []byte         `json:"text,omitempty"`
	For  *uint32        `json:"for,omitempty"`
}

// Reaction is the line that comes back.
type Reaction struct {
	Event    string `json:"event"`
	From     string `json:"from,omitempty"`
	AtMS     int64  `json:"at_ms,omitempty"`
	Text     string `json:"text,omitempty"`
	Answered bool   `json:"answered,omitempty"`
	Problem  string `json:"problem,omitempty"`
}

// The events of a Reaction.
const (
	EventMessage = "message"
	EventTaken   = "taken"
	EventRefused = "refused"
	EventBusy    = "busy" // the question was not read
)

// The limits of a line, in bytes, its line feed included.
const (
	MostQuestion = 2 * MaxText
	MostReaction = 8 << 10
)

// Encode writes a line.
func Encode(v any) []byte {
	line, err := json.Marshal(v)
	if err != nil {
		panic(err) // strings and numbers can be written
	}
	return append(line, '\n')
}

var errTooLong = errors.New("a line that is too long")

// ReadLine reads the only line, of at most so many bytes. It returns it without its line feed.
func ReadLine(from io.Reader, most int) ([]byte, error) {
	held := make([]byte, most)
	for n := 0; n < most; {
		more, err := from.Read(held[n:])
		n += more
		if i := bytes.IndexByte(held[:n], '\n'); i >= 0 {
			return held[:i], nil
		}
		if err != nil {
			return nil, err
		}
	}
	return nil, errTooLong
}

// A code is a letter, a digit and a letter that nobody takes for another, and no word.
const (
	letters = "abcdefghjkmnpqrstuvwxyz"
	digits  = "23456789"
)

// IsCode reports whether s has the form of a code.
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

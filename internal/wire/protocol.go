// Package wire is the conversation between two programs about one message: its lines, and
// the end that serves, which msgd is made of. Package call has the end that calls.
//
// The protocol is JSON lines. The serving end begins:
//
//	{"event":"hello","protocol":[1,3],"version":"0.2.0","host":"d13","privileged":true}
//
// with the lowest and the highest protocol that it speaks. The client chooses one and sends
// the one request of the conversation:
//
//	{"protocol":1,"targets":["bob","%ops"],"text":"THVuY2g/","time_ms":5000}
//
// The text is the base64 of its bytes, which need not be UTF-8. The serving end answers with the
// results as msg --json shows them, as they come, and ends:
//
//	{"event":"end","results":2}
//
// If nothing was sent at all, it ends with "refused" (the request's fault) or "error", and
// the problem and a hint in words. The client keeps its end open. It closes its end to give
// up: then what is not done soon is not done.
//
// In between, {"event":"alive"} says every ten seconds that the serving end is at work.
//
// Protocol 2 has messages that stay. With "wait", the serving end reports answers as they come,
// until everyone has answered, "answer_ms" has passed or the client gives up. With "typed",
// the client goes on with lines, each for all terminals, until the last:
//
//	{"line":"QW5kIGFub3RoZXIu"}
//	{"end":true}
//
// {"event":"open"} says that all terminals have the text or have failed.
//
// Protocol 3 has a request about consent in place of a message: what the sender says about all of
// theirs from now on, or, without "say", only what they have said. The serving end answers with
// what then holds. With "of", it also tells which of these people have said to the sender whether
// messages are on:
//
//	{"protocol":3,"consent":{"say":{"say":"yes","only":["alice"]},"of":[1002,1003]}}
//	{"event":"consent","word":{"say":"yes","only":["alice"]},"of":[{"uid":1003,"on":false}]}
//
// It also tells a sender who gave up ("given-up") from a terminal that is stuck.
//
// In place of the hello, msgd may say {"event":"busy"}: the client is to come again soon; or
// end at once with "error".
//
// Over ssh, lines of a login may come before the hello. One line may be
// {"event":"push","machine":"x86_64","uid":0}: that host has no msg and wants msgd for that
// machine. The client sends its size in bytes on a line, and its bytes.
//
// Both ends refuse what is too long, and what they do not know. Only a hello may have more:
// a later version may add something. The package starts no program, and knows no terminal.
package wire

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"time"

	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/target"
	"msg/internal/text"
)

// Door is the socket of msgd, where this host's users have their conversations.
const Door = "/run/msg/door"

// The protocols that are spoken.
const (
	Oldest = 1
	Newest = 3
	Stays  = 2 // the first that has messages that stay
	Says   = 3 // the first that has what people say of their own messages
)

// The limits of a line, in bytes, its line feed included.
const (
	MostRequest = 1 << 20
	MostEvent   = 64 << 10
)

// The events that are no results.
const (
	EventHello   = "hello"
	EventRefused = "refused"
	EventError   = "error"
	EventEnd     = "end"
	EventConsent = "consent"
	EventBusy    = "busy"  // in place of the hello: the client is to come again soon
	EventAlive   = "alive" // it is at work: it looks up names, or awaits its turn
)

// AliveTime is how long the serving end says nothing before it says that it is alive.
const AliveTime = 10 * time.Second

// Hello is what the serving end begins with.
type Hello struct {
	Event      string `json:"event"` // EventHello
	Protocol   [2]int `json:"protocol"`
	Version    string `json:"version"`
	Host       string `json:"host"`
	Privileged bool   `json:"privileged"` // it may write to other people's terminals
}

// Ending is the serving end's last line.
type Ending struct {
	Event   string `json:"event"`   // EventEnd, EventRefused, EventError or EventBusy
	Results int    `json:"results"` // how many came before, without those that only wait
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// Err returns what an ending says of a request that nothing was done for, or nil.
func (e Ending) Err() error {
	switch e.Event {
	case EventRefused:
		return &message.Refusal{Problem: e.Problem, Hint: e.Hint}
	case EventError:
		return errors.New(e.Problem)
	case EventBusy:
		return ErrBusy
	}
	return nil
}

// ErrBusy is what a client hears who begins too many conversations at once.
var ErrBusy = errors.New("you begin too many messages at once here")

// Typed is a line that follows a request, or says that none will.
type Typed struct {
	Line []byte `json:"line,omitempty"`
	End  bool   `json:"end,omitempty"`
}

// Request is a message.Request as a line.
type Request struct {
	Protocol int      `json:"protocol"`
	Targets  []string `json:"targets"`
	Except   []string `json:"except,omitempty"`
	Text     []byte   `json:"text"`
	TimeMS   int64    `json:"time_ms,omitempty"`
	NoBanner bool     `json:"no_banner,omitempty"`
	Polite   bool     `json:"polite,omitempty"`
	DryRun   bool     `json:"dry_run,omitempty"`
	Says     string   `json:"says,omitempty"`
	All      bool     `json:"all_terminals,omitempty"`
	Wait     bool     `json:"wait,omitempty"`
	AnswerMS int64    `json:"answer_ms,omitempty"`
	Typed    bool     `json:"typed,omitempty"` // lines follow
	Consent  *Consent `json:"consent,omitempty"`
}

// Consent is a request about what people say of all of theirs. It takes a message's place.
type Consent struct {
	Say *consent.Word `json:"say,omitempty"` // the sender; nil: only tell what holds
	Of  []uint32      `json:"of,omitempty"`  // uids: MostHeard at most
}

// MostHeard is how many people a request may ask about: the answer is one line.
const MostHeard = 1000

// Said is what holds for the sender.
type Said struct {
	Event string       `json:"event"` // EventConsent
	Word  consent.Word `json:"word"`
	Of    []Heard      `json:"of,omitempty"`
}

// Heard is what one person has said to the sender. People who have said nothing have none.
type Heard struct {
	UID uint32 `json:"uid"`
	On  bool   `json:"on"`
}

// Message checks the line, and returns the request in it. It refuses what msg itself would
// not send. What a message may be is for package delivery to say.
func (r Request) Message() (message.Request, error) {
	if r.Protocol < Oldest || r.Protocol > Newest {
		return message.Request{}, fmt.Errorf("protocol %d is not spoken here", r.Protocol)
	}
	if r.Protocol < Stays && (r.Wait || r.Typed || r.AnswerMS != 0) {
		return message.Request{}, fmt.Errorf("protocol %d has no messages that stay", r.Protocol)
	}
	if r.Consent != nil {
		return message.Request{}, r.onlyConsent()
	}
	for _, ms := range []int64{r.TimeMS, r.AnswerMS} {
		if most := int64(math.MaxInt64 / time.Millisecond); ms < 0 || ms > most {
			return message.Request{}, fmt.Errorf("a time of %d ms", ms)
		}
	}
	targets, err := parseAll(r.Targets)
	if err != nil {
		return message.Request{}, err
	}
	except, err := parseAll(r.Except)
	return message.Request{
		Targets: targets, Except: except, Text: string(r.Text), Time: time.Duration(r.TimeMS) * time.Millisecond,
		NoBanner: r.NoBanner, Polite: r.Polite, DryRun: r.DryRun, Says: r.Says, AllTerminals: r.All,
		Wait: r.Wait, AnswerTime: time.Duration(r.AnswerMS) * time.Millisecond, Typed: r.Typed,
	}, err
}

// onlyConsent refuses a request about consent that has anything of a message.
func (r Request) onlyConsent() error {
	if r.Protocol < Says {
		return fmt.Errorf("protocol %d has no consent", r.Protocol)
	}
	if !reflect.DeepEqual(r, Request{Protocol: r.Protocol, Consent: r.Consent}) {
		return errors.New("a message and consent in one request")
	}
	if len(r.Consent.Of) > MostHeard {
		return fmt.Errorf("more than %d people", MostHeard)
	}
	if r.Consent.Say == nil {
		return nil
	}
	return r.Consent.Say.Check()
}

// parseAll reads targets that the client has parsed before. Only the client reads files.
func parseAll(words []string) ([]target.Target, error) {
	var all []target.Target
	for _, word := range words {
		parsed, err := target.Parse(word)
		if err != nil {
			return nil, err
		}
		if len(parsed) != 1 || parsed[0].Kind == target.File {
			return nil, fmt.Errorf("%q is not one target", word)
		}
		all = append(all, parsed[0])
	}
	return all, nil
}

// Result is a message.Result as a line. The hint is the calling end's.
type Result struct {
	Event    message.Event  `json:"event"`
	Host     string         `json:"host"`
	User     string         `json:"user,omitempty"`
	Terminal string         `json:"terminal,omitempty"`
	Session  string         `json:"session,omitempty"`
	Target   string         `json:"target,omitempty"`
	Reason   message.Reason `json:"reason,omitempty"`
	Detail   string         `json:"detail,omitempty"`
	Detached bool           `json:"detached,omitempty"`
	Answer   message.Answer `json:"answer,omitempty"`
	Text     string         `json:"text,omitempty"`
	AfterMS  int64          `json:"after_ms,omitempty"`
	Hint     string         `json:"hint,omitempty"` // of Service.Hints alone
}

// ResultOf returns a result as a line of that protocol. It cleans names, as JSON holds only
// UTF-8.
func ResultOf(protocol int, r message.Result) Result {
	for _, s := range r.Names() {
		*s = text.Name(*s)
	}
	if protocol < Says {
		r.Reason = r.Reason.Public()
	}
	r.Text = text.Clean(r.Text)
	return Result(r)
}

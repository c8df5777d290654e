// Package remote is how a message reaches a program that delivers it: the
// protocol between msg and msg-helper, and the starting of helpers.
//
// The protocol is JSON lines. The helper begins:
//
//	{"event":"hello","protocol":[1,2],"version":"0.1.0","host":"d13","privileged":true}
//
// with the lowest and the highest protocol that it speaks. The client chooses one
// and sends the one request there is in a conversation:
//
//	{"protocol":1,"targets":["bob","%ops"],"text":"THVuY2g/","time_ms":5000}
//
// The text is base64 of its bytes, which need not be UTF-8. The helper answers
// with the results as msg --json shows them, as they come, and ends:
//
//	{"event":"end","results":2}
//
// or, where nothing was sent at all, with "refused" (the request's fault) or
// "error", and the problem and a hint in words. A client keeps its end open; that
// it closes it says that it has given up, and what is not done soon is not done.
//
// In between, {"event":"alive"} says every ten seconds that it is at work.
//
// Protocol 2 has messages that stay. With "wait", the helper reports answers as they come,
// until all have answered, "answer_ms" has passed or the client gives up; with "typed",
// the client goes on with lines, each for all terminals, until the last:
//
//	{"line":"QW5kIGFub3RoZXIu"}
//	{"end":true}
//
// {"event":"open"} says that all terminals have the text, or have failed.
//
// Over ssh, lines may come before the hello that are a login's own, and one may be
// {"event":"push","machine":"x86_64","uid":0}: there is no msg, and a helper is wanted for that
// machine, which is sent as its size in bytes on a line, and the bytes.
//
// Both sides refuse what is too long and what they do not know, but for more in a
// hello: a later version may have something to add. The package knows no
// terminal.
package remote

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"msg/internal/message"
	"msg/internal/target"
	"msg/internal/text"
)

// The protocols that are spoken.
const (
	oldest = 1
	newest = 2
	stays  = 2 // the first that has messages that stay
)

// Bounds of a line, in bytes, its line feed included.
const (
	mostRequest = 1 << 20
	mostEvent   = 64 << 10
)

// Hello is what a helper begins with.
type Hello struct {
	Event      string `json:"event"` // "hello"
	Protocol   [2]int `json:"protocol"`
	Version    string `json:"version"`
	Host       string `json:"host"`
	Privileged bool   `json:"privileged"` // it may write to other people's terminals
}

// The events that are no results.
const (
	eventHello   = "hello"
	eventRefused = "refused"
	eventError   = "error"
	eventEnd     = "end"
	eventAlive   = "alive" // it is at work: names are asked for, its turn is awaited
)

// aliveLine is what a helper says that has had nothing else to say for aliveTime.
const aliveLine = `{"event":"` + eventAlive + `"}` + "\n"

const aliveTime = 10 * time.Second

// ending is the last line.
type ending struct {
	Event   string `json:"event"`
	Results int    `json:"results"` // how many went before, those that only wait not counted
	Problem string `json:"problem,omitempty"`
	Hint    string `json:"hint,omitempty"`
}

// request is a delivery.Request on its way.
type request struct {
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
}

// resultLine is a message.Result on its way.
type resultLine struct {
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
}

// lineOf returns a result as it goes out. Its names are made fit for JSON, which has no
// place for bytes that are not UTF-8.
func lineOf(r message.Result) resultLine {
	for _, s := range r.Names() {
		*s = text.Name(*s)
	}
	return resultLine{
		Event: r.Event, Host: r.Host, User: r.User, Terminal: r.Terminal, Session: r.Session, Target: r.Target,
		Reason: r.Reason.Public(), Detail: r.Detail, Detached: r.Detached, Answer: r.Answer, Text: text.Clean(r.Text), AfterMS: r.AfterMS,
	}
}

// givenUp begins the detail of a message.GivenUp. Protocols 1 and 2 have no reason for it:
// it is a Stuck with such a detail.
const givenUp = "interrupted"

// result returns what a line says.
func (l resultLine) result() message.Result {
	if l.Reason == message.Stuck && strings.HasPrefix(l.Detail, givenUp) {
		l.Reason = message.GivenUp
	}
	return message.Result{
		Event: l.Event, Host: l.Host, User: l.User, Terminal: l.Terminal, Session: l.Session, Target: l.Target,
		Reason: l.Reason, Detail: l.Detail, Detached: l.Detached, Answer: l.Answer, Text: l.Text, AfterMS: l.AfterMS,
	}
}

// typedLine is one that follows a request, or says that none will.
type typedLine struct {
	Line []byte `json:"line,omitempty"`
	End  bool   `json:"end,omitempty"`
}

// isOpen reports whether a request stays once its text is through.
func isOpen(r message.Request) bool { return r.Wait || r.Lines != nil }

func wire(protocol int, r message.Request) request {
	return request{
		Protocol: protocol, Targets: words(r.Targets), Except: words(r.Except), Text: []byte(r.Text),
		TimeMS: milliseconds(r.Time), NoBanner: r.NoBanner, Polite: r.Polite, DryRun: r.DryRun, Says: r.Says, All: r.AllTerminals,
		Wait: r.Wait, AnswerMS: milliseconds(r.AnswerTime), Typed: r.Lines != nil,
	}
}

// milliseconds rounds up, so that a short time does not become none.
func milliseconds(d time.Duration) int64 { return int64((d + time.Millisecond - 1) / time.Millisecond) }

func words(targets []target.Target) []string {
	var all []string
	for _, t := range targets {
		all = append(all, t.String())
	}
	return all
}

// unwire checks what came, and returns the request in it. Its errors are of what
// msg itself would not send; what a message may be is for package delivery.
func (r request) unwire() (message.Request, error) {
	if r.Protocol < oldest || r.Protocol > newest {
		return message.Request{}, fmt.Errorf("protocol %d is not spoken here", r.Protocol)
	}
	if r.Protocol < stays && (r.Wait || r.Typed || r.AnswerMS != 0) {
		return message.Request{}, fmt.Errorf("protocol %d has no messages that stay", r.Protocol)
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
		Wait: r.Wait, AnswerTime: time.Duration(r.AnswerMS) * time.Millisecond,
	}, err
}

// parseAll reads targets that were parsed before. Files are the client's to
// read.
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

// decode reads one line into a struct, and refuses what encoding/json lets pass:
// keys that the struct does not have, keys in other letters (it takes TEXT for
// text), and keys that come twice.
func decode(line []byte, into any) error {
	if err := checkKeys(line); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(line))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if len(bytes.TrimSpace(line[d.InputOffset():])) > 0 {
		return errors.New("something behind the object")
	}
	return nil
}

func checkKeys(line []byte) error {
	d := json.NewDecoder(bytes.NewReader(line))
	if begin, err := d.Token(); err != nil || begin != json.Delim('{') {
		return errors.New("not an object")
	}
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return err
		}
		key, isKey := token.(string)
		if !isKey || seen[key] || !isPlain(key) {
			return fmt.Errorf("key %.40q", key)
		}
		seen[key] = true
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return err
		}
	}
	return nil
}

func isPlain(key string) bool {
	for i := range len(key) {
		if c := key[i]; (c < 'a' || c > 'z') && c != '_' {
			return false
		}
	}
	return key != ""
}

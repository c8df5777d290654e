// Package report tells a sender what became of a message: who was reached on standard
// output, who was not and why on standard error, and all of it as an exit status.
//
// A Tally adds up; a view shows results in words, by host or as JSON; one status line says
// how far it is. Reasons decide what is shown, never the text of a detail. Everything in a
// result comes from outside: the package cleans it before it shows any of it.
package report

import (
	"io"
	"sync"

	"msg/internal/message"
	"msg/internal/text"
	"msg/internal/window"
)

// Program is the program whose habits a report has.
type Program struct {
	Name string // it begins each line on standard error

	// TimeFlag is what --time is called there.
	TimeFlag string

	// EndsByInterrupt says that Ctrl-C is the usual way to end it: it is no failure.
	EndsByInterrupt bool
}

// Msg is msg itself.
var Msg = Program{Name: "msg", TimeFlag: "--time"}

// Keyboard is where somebody types more lines to a message.
type Keyboard interface {
	Typing() bool // more lines may come
	Begin()       // the text is through: typing may go on
}

// Options are what a report is about and how it looks.
type Options struct {
	Program        Program
	Stdout, Stderr io.Writer

	Here  string   // this host's name
	Hosts []string // that get the message; nil if the sender named none
	Waits bool     // for answers

	Quiet, Verbose, JSON bool

	// Partial says that this is one of several messages. Others tell what they come to;
	// Hinted has the hints that were given.
	Partial bool
	Hinted  map[string]bool

	// Near returns a hint for an unknown target that is almost a command's name, or "".
	Near func(word string) string
}

// Report shows the results of one message. Its methods may be called side by side.
type Report struct {
	*screen
	tally *Tally
	view  view

	// Set before the message goes out: who types on, nil for nobody; whether the sender gave
	// up, and what has them give up when nobody reads the report any more; whether the next
	// message is due.
	Keyboard    Keyboard
	Interrupted func() bool
	GiveUp      func()
	Late        func() bool

	mu       sync.Mutex     // of all above, and of the screen
	settled  bool           // all hosts have told what became of the text
	toPerson bool           // a person is to read who was reached
	slow     bool           // it was told that lines wait
	waits    map[place]bool // terminals that were told to wait
	rows     map[string]int // that were shown of each host
}

// view is a way to show results. They are clean.
type view interface {
	result(message.Result)     // what became of a terminal, a target or a host
	answer(message.Result)     // of one person
	unanswered(message.Result) // of one person, in time
	tell()                     // shows what is known of the text and not shown yet
	end()                      // shows what is known only at the end
}

// New returns the report of a message.
func New(o Options) *Report {
	r := &Report{
		screen:      &screen{Options: o},
		tally:       NewTally(o.Hosts, o.Waits),
		waits:       map[place]bool{},
		rows:        map[string]int{},
		toPerson:    window.IsTerminal(o.Stdout),
		Interrupted: func() bool { return false }, GiveUp: func() {}, Late: func() bool { return false },
	}
	if r.Hinted == nil {
		r.Hinted = map[string]bool{}
	}
	if r.Near == nil {
		r.Near = func(string) string { return "" }
	}
	r.line = r.newLine()
	switch {
	case o.JSON:
		r.view = objects{r}
	case o.Quiet:
		r.view = nothing{}
	case o.Hosts != nil:
		r.view = newHosts(r)
	default:
		r.view = &words{Report: r}
	}
	return r
}

// Result shows one result as it comes.
func (r *Report) Result(result message.Result) {
	result = clean(result)
	if result.Event == message.Failed && r.Late() {
		result = inTime(result)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	defer r.line.update()
	if !r.tally.Add(result) {
		return
	}
	switch {
	case result.Event == message.Answered && r.Waits:
		r.view.answer(result)
	case result.Event == message.Unanswered && r.Waits:
		r.view.unanswered(result)
	case result.Event != message.Open:
		r.view.result(result)
	}
	if r.tally.tells(result) {
		r.hostDone(result)
	}
}

// hostDone takes in that a host has told what became of the text: its result is Open, or
// nothing else will come of it. When all hosts have, a message that stays goes on.
func (r *Report) hostDone(result message.Result) {
	r.tally.done(result.Host)
	if !r.stays() || r.settled && result.Event != message.Open {
		return
	}
	if r.settled {
		r.view.tell() // the last line is through, too
	}
	if r.settled || !r.tally.settled() {
		return
	}
	r.settled = true
	r.line.endProgress()
	if r.Keyboard != nil {
		r.Keyboard.Begin()
	}
	r.view.tell()
}

// stays reports whether the message waits for answers, or for what is typed.
func (r *Report) stays() bool { return r.Waits || r.Keyboard != nil }

// typing reports whether somebody types at the terminal.
func (r *Report) typing() bool { return r.Keyboard != nil && r.Keyboard.Typing() }

// Abandon takes the status line off the screen, and shows nothing more.
func (r *Report) Abandon() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.end()
}

// Tell shows what is known of the text and not shown yet.
func (r *Report) Tell() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.view.tell()
	return r.err
}

// End shows what can be told only now. Its error is the first of writing to standard output.
func (r *Report) End() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.end()
	if r.Interrupted() {
		r.away()
	}
	if r.Waits {
		r.tally.close()
	}
	r.view.tell()
	r.view.end()
	return r.err
}

// Tally returns what the results so far add up to.
func (r *Report) Tally() *Tally { return r.tally }

// Status returns the exit status that the results so far come to.
func (r *Report) Status() Status {
	if r.Interrupted() && (!r.Program.EndsByInterrupt || r.tally.Failed > 0) {
		return Interrupted
	}
	return r.tally.Status()
}

// Print prints a line on standard output.
func (r *Report) Print(line string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.print(line)
	return r.err
}

// clean makes the words in a result safe to show.
func clean(r message.Result) message.Result {
	for _, s := range r.Names() {
		*s = text.Name(*s)
	}
	r.Event, r.Reason = message.Event(text.Name(string(r.Event))), message.Reason(text.Name(string(r.Reason)))
	r.Answer, r.Text = message.Answer(text.Name(string(r.Answer))), text.Clean(r.Text)
	return r
}

// nothing is the view of --quiet: the exit status tells.
type nothing struct{}

func (nothing) result(message.Result)     {}
func (nothing) answer(message.Result)     {}
func (nothing) unanswered(message.Result) {}
func (nothing) tell()                     {}
func (nothing) end()                      {}

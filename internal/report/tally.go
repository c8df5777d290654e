package report

import (
	"slices"

	"msg/internal/message"
)

// Status is what a message comes to, as an exit status.
type Status int

// The exit statuses of a message.
const (
	OK          Status = 0
	NotReached  Status = 1 // somebody was not reached
	NotAnswered Status = 3 // not everybody answered in time
	Interrupted Status = 130
)

// Tally adds up the results of one message. It prints nothing and asks nobody.
type Tally struct {
	message.Counts

	hosts  int  // how many get the message
	byHost bool // the sender named hosts: each ends in one result of its own
	waits  bool // for answers

	inVain  int             // of Failed, those that would fail again: no such user, not allowed; not those with a hint
	left    map[string]bool // hosts without a word on what became of the text
	people  []*recipient    // in the order in which they are first heard of
	known   map[person]*recipient
	gone    map[string]bool // hosts that failed
	answers map[string]int  // by host
	hidden  map[string]int  // of these, those that are not shown
	reached map[string]int  // people who have the message, by host
}

// person is one user on one host.
type person struct{ host, user string }

// recipient is somebody whose answer the message waits for.
type recipient struct {
	person
	has      bool // the message, on one terminal at least
	answered bool
	silent   bool // has not answered in time
}

// NewTally returns the tally of a message to these hosts. Without any, it is a message to
// this host alone. waits says that the message waits for answers.
func NewTally(hosts []string, waits bool) *Tally {
	t := &Tally{
		hosts: max(len(hosts), 1), byHost: len(hosts) > 0, waits: waits, left: map[string]bool{},
		known: map[person]*recipient{}, gone: map[string]bool{}, answers: map[string]int{}, hidden: map[string]int{}, reached: map[string]int{},
	}
	for _, host := range hosts {
		t.left[host] = true
	}
	if !t.byHost {
		t.left[""] = true
	}
	return t
}

// The answers of one host that are shown: some for each person who has the message, and more
// for long conversations. A host may say what it likes.
const (
	mostAnswers = 1000
	mostOfOne   = 10
)

// Add counts one more result. It reports whether the result is one to show: a host may say
// more than it can know.
func (t *Tally) Add(r message.Result) (show bool) {
	t.Counts.Add(r)
	switch {
	case r.Event == message.Answered && t.waits:
		return t.answer(r)
	case r.Event == message.Unanswered && t.waits:
		return t.unanswered(r)
	case r.Event == message.Delivered && t.waits:
		if one := t.of(r); !one.has {
			one.has = true
			t.reached[r.Host]++
		}
	case r.Event == message.Failed && r.Target != "" && (r.Reason == message.Unknown || r.Reason == message.Denied) && r.Hint == "":
		t.inVain++
	case r.Event == message.Failed && r.OfHost() && t.byHost:
		t.gone[r.Host] = true
	}
	return true
}

// of returns whom a result is about.
func (t *Tally) of(r message.Result) *recipient {
	who := person{r.Host, r.User}
	if t.known[who] == nil {
		t.known[who] = &recipient{person: who}
		t.people = append(t.people, t.known[who])
	}
	return t.known[who]
}

func (t *Tally) answer(r message.Result) (show bool) {
	t.answers[r.Host]++
	show = !t.byHost || t.answers[r.Host] <= mostAnswers+mostOfOne*t.reached[r.Host]
	if show || t.known[person{r.Host, r.User}] != nil { // else the host names people without end
		t.of(r).answered = true
	}
	if !show {
		t.hidden[r.Host]++
	}
	return show
}

func (t *Tally) unanswered(r message.Result) (show bool) {
	one := t.known[person{r.Host, r.User}]
	if one == nil || !one.has || one.silent {
		return false
	}
	one.silent = true
	return true
}

// tells reports whether a result says that its host has told what became of the text.
func (t *Tally) tells(r message.Result) bool {
	return r.Event == message.Open || t.byHost && (r.Event == message.Reached || r.Event == message.Failed && r.OfHost())
}

// done takes in that a host has told what became of the text.
func (t *Tally) done(host string) {
	if !t.byHost {
		host = ""
	}
	delete(t.left, host)
}

// settled reports whether all hosts have told what became of the text.
func (t *Tally) settled() bool { return len(t.left) == 0 }

// missing returns the recipients who may still answer, and of how many they are.
func (t *Tally) missing() (missing []*recipient, of int) {
	for _, one := range t.people {
		if one.has {
			of++
		}
		if one.has && !one.answered && !one.silent && !t.gone[one.host] {
			missing = append(missing, one)
		}
	}
	return missing, of
}

// close takes the recipients who are missing for silent: a host that was cut off, or that
// breaks its word, has not told of them.
func (t *Tally) close() {
	missing, _ := t.missing()
	for _, one := range missing {
		one.silent = true
	}
}

// Answered returns how many people have answered.
func (t *Tally) Answered() int {
	n := 0
	for _, one := range t.people {
		if one.answered {
			n++
		}
	}
	return n
}

// InVain reports whether nobody was reached, and nobody would be the next time: there is no
// such user, or the sender is not allowed to.
func (t *Tally) InVain() bool { return t.inVain > 0 && t.inVain == t.Failed && t.Delivered == 0 }

// Nobody reports whether there was nobody to send to.
func (t *Tally) Nobody() bool { return t.Delivered+t.Planned+t.Failed == 0 }

// Status returns what the results so far come to.
func (t *Tally) Status() Status {
	switch {
	case t.Failed > 0:
		return NotReached
	case slices.ContainsFunc(t.people, func(one *recipient) bool { return one.silent }):
		return NotAnswered
	}
	return OK
}

// Summary returns the last line of --json.
func (t *Tally) Summary() Summary {
	return Summary{Event: "summary", Delivered: t.Delivered, Failed: t.Failed, Planned: t.Planned, Answered: t.Answered(), Hosts: t.hosts}
}

package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"msg/internal/answers"
	"msg/internal/delivery"
	"msg/internal/target"
	"msg/internal/text"
)

// whom is one person on one host.
type whom struct{ host, user string }

// wait is what is known of those whose answers are waited for.
type wait struct {
	asked    []whom // in the order in which they have got the message
	answered map[whom]bool
	silent   []whom
	lines    map[string]int // answers of each host
	shown    int            // columns of the line that says who is missing; 0 while it is not there
}

func newWait() *wait { return &wait{answered: map[whom]bool{}, lines: map[string]int{}} }

// person is whom a result is about.
func person(r delivery.Result) whom { return whom{r.Host, r.User} }

// ask takes in that somebody has the message.
func (o *reporter) ask(r delivery.Result) {
	if o.wait != nil && !slices.Contains(o.wait.asked, person(r)) {
		o.wait.asked = append(o.wait.asked, person(r))
	}
}

// mostAnswers bounds the answers of one host that are shown, besides those that people
// there may give: it may say what it likes.
const mostAnswers = 1000

// answer shows an answer.
func (o *reporter) answer(r delivery.Result) {
	if !o.wait.answered[person(r)] {
		o.wait.answered[person(r)] = true
		o.summary.Answered++
	}
	if o.wait.lines[r.Host]++; o.hosts != nil && o.wait.lines[r.Host] > mostAnswers {
		return
	}
	switch {
	case o.json:
		o.object(r)
	case !o.quiet:
		if t := o.typing; t != nil && !t.over.Load() && isTerminal(o.w.stdout) {
			o.print("") // away from what is half typed
		}
		for _, line := range o.answerLines(r) {
			o.print(line)
		}
	}
}

// unanswered takes in who has not answered.
func (o *reporter) unanswered(r delivery.Result) {
	if !slices.Contains(o.wait.asked, person(r)) {
		return // it is a host's that says more than it can know
	}
	o.wait.silent = append(o.wait.silent, person(r))
	if o.json {
		o.object(r)
	}
}

// answerLines are an answer in words: bob on pts/2: ok (12 s), bob: "ten minutes" (40 s). What
// does not fit into one line of the window has a bar before each row: at the beginning of
// one, it could pose as somebody else's answer.
func (o *reporter) answerLines(r delivery.Result) []string {
	columns := terminalWidth(o.w.stdout)
	who, at, what := r.User, "", r.Text
	if columns > 0 {
		who = text.Truncate(who, max(columns/3, 1))
	}
	if o.hosts != nil {
		at = " at " + r.Host
	}
	after := " (" + inWords(time.Duration(r.AfterMS)*time.Millisecond) + ")"
	line := fmt.Sprintf("%s%s: \"%s\"%s", who, at, what, after)
	if r.Answer == answers.OK {
		what = string(answers.OK)
		on := ""
		if r.Terminal != "" {
			on = " on " + r.Terminal
		}
		line = who + on + at + ": " + what + after
	}
	if !strings.Contains(what, "\n") && (columns == 0 || text.Width(line) < columns) {
		return []string{line}
	}
	const bar = "| "
	head := who + at + after + ":"
	if columns > 0 {
		head = text.Truncate(head, columns-1)
	}
	out := []string{head}
	for line := range strings.SplitSeq(what, "\n") {
		rows := []string{line}
		if columns > 0 {
			rows = text.Wrap(line, columns-1-len(bar))
		}
		for _, row := range rows {
			out = append(out, bar+row)
		}
	}
	return out
}

// inWords is a time as people say it: 12 s, 3 min 5 s, 2 h 10 min.
func inWords(d time.Duration) string {
	switch s := int(d.Round(time.Second).Seconds()); {
	case s < 2*60:
		return fmt.Sprintf("%d s", s)
	case s < 2*60*60:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
}

// endWait tells who has not answered. After an interrupt, a host may have been cut off
// before it could tell.
func (o *reporter) endWait() {
	for _, one := range o.wait.asked {
		if o.interrupted() && !o.wait.answered[one] && !slices.Contains(o.wait.silent, one) {
			o.wait.silent = append(o.wait.silent, one)
		}
	}
	names := map[string][]string{} // by host
	var hosts []string
	for _, one := range o.wait.silent {
		if names[one.host] == nil {
			hosts = append(hosts, one.host)
		}
		names[one.host] = append(names[one.host], one.user)
	}
	byWords := map[string][]string{}
	var order []string
	for _, host := range hosts {
		words := "no answer from " + strings.Join(names[host], ", ")
		if byWords[words] == nil {
			order = append(order, words)
		}
		byWords[words] = append(byWords[words], host)
	}
	for _, words := range order {
		if o.hosts != nil {
			words = target.Fold(byWords[words]) + ": " + words
		}
		fmt.Fprintf(o.w.stderr, "msg: %s\n", words)
	}
}

// showMissing says on standard error, in a line that is drawn anew, who is still missing;
// not while somebody types there.
func (o *reporter) showMissing() {
	w := o.wait
	mixed := o.json && isTerminal(o.w.stdout)
	if w == nil || !o.settled || o.over || o.quiet || mixed || o.typing != nil && !o.typing.over.Load() {
		return
	}
	columns := terminalWidth(o.w.stderr)
	if columns == 0 {
		return
	}
	var names []string
	for _, one := range w.asked {
		if !w.answered[one] {
			name := one.user
			if o.hosts != nil {
				name += "@" + one.host
			}
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return
	}
	line := fmt.Sprintf("waiting for %d of %d: %s", len(names), len(w.asked), strings.Join(names, ", "))
	line = text.Truncate(line, columns-1)
	fmt.Fprint(o.w.stderr, line)
	w.shown = text.Width(line)
}

// hideMissing takes the line off the screen.
func (o *reporter) hideMissing() {
	if o.wait == nil || o.wait.shown == 0 {
		return
	}
	// Up to the window's edge: a Ctrl-C shows itself behind the line.
	blanks := max(o.wait.shown, terminalWidth(o.w.stderr)-1)
	fmt.Fprint(o.w.stderr, "\r"+strings.Repeat(" ", blanks)+"\r")
	o.wait.shown = 0
}

package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"msg/internal/hostlist"
	"msg/internal/message"
	"msg/internal/text"
)

// whom is one person on one host.
type whom struct{ host, user string }

// recipient is one of those whose answers are waited for.
type recipient struct {
	whom
	has      bool // the message, on a terminal at least
	answered bool
	silent   bool // has not answered in time
}

// wait is what is known of those whose answers are waited for.
type wait struct {
	all   []*recipient // in the order in which they are first heard of
	by    map[whom]*recipient
	gone  map[string]bool // hosts that have failed
	lines map[string]int  // answers of each host
	more  map[string]int  // of these, those that were not shown
	shown int             // columns of the line that says who is missing; 0 while it is not there
	drawn time.Time
	again *time.Timer // to draw it
}

func newWait() *wait {
	return &wait{by: map[whom]*recipient{}, gone: map[string]bool{}, lines: map[string]int{}, more: map[string]int{}}
}

// of is whom a result is about.
func (w *wait) of(r message.Result) *recipient {
	who := whom{r.Host, r.User}
	if w.by[who] == nil {
		w.by[who] = &recipient{whom: who}
		w.all = append(w.all, w.by[who])
	}
	return w.by[who]
}

// missing are those who may still answer, and of how many.
func (w *wait) missing() (missing []*recipient, of int) {
	for _, one := range w.all {
		if one.has {
			of++
		}
		if one.has && !one.answered && !one.silent && !w.gone[one.host] {
			missing = append(missing, one)
		}
	}
	return missing, of
}

// answered counts the people who have.
func (w *wait) answered() int {
	n := 0
	for _, one := range w.all {
		if one.answered {
			n++
		}
	}
	return n
}

// mostAnswers bounds the answers that are shown of a host: it may say what it likes.
const mostAnswers = 1000

// answer shows an answer.
func (o *reporter) answer(r message.Result) {
	o.wait.of(r).answered = true
	if o.wait.lines[r.Host]++; o.hosts != nil && o.wait.lines[r.Host] > mostAnswers+10*len(o.wait.all) {
		o.wait.more[r.Host]++
		return
	}
	switch {
	case o.json:
		o.object(r)
	case !o.quiet:
		o.progress.end() // it would be drawn over the answer
		o.away()
		for _, line := range o.answerLines(r) {
			o.print(line)
		}
	}
}

// unanswered takes in who has not answered, of those who have the message.
func (o *reporter) unanswered(r message.Result) {
	one := o.wait.by[whom{r.Host, r.User}]
	if one == nil || !one.has || one.silent {
		return // it is a host's that says more than it can know
	}
	one.silent = true
	if o.json {
		o.object(r)
	}
}

// answerLines are an answer in words: bob on pts/2: ok (12 s), bob: "ten minutes" (40 s). What
// does not fit into one line of the window has a bar before each row: at the beginning of
// one, it could pose as somebody else's answer.
func (o *reporter) answerLines(r message.Result) []string {
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
	if r.Answer == message.OK {
		what = string(message.OK)
		on := ""
		if r.Terminal != "" {
			on = " on " + r.Terminal
		}
		line = who + on + at + ": " + what + after
	}
	if !strings.Contains(what, "\n") && (columns == 0 || text.Width(line) < columns) {
		return []string{line}
	}
	head := who + at + after + ":"
	if columns > 0 {
		head = text.Truncate(head, columns-1)
	}
	return append([]string{head}, barred(what, columns)...)
}

// barred are a text's lines, each row with a bar before it; in a window of so many
// columns, if it is one.
func barred(what string, columns int) []string {
	const bar = "| "
	var out []string
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

// endWait tells who has not answered, hosts where that are the same in one line.
func (o *reporter) endWait() {
	for _, host := range slices.Sorted(maps.Keys(o.wait.more)) {
		o.w.warn("%s: %s", host, count(o.wait.more[host], "more answer", "more answers"))
	}
	names := map[string][]string{} // by host
	var hosts []string
	for _, one := range o.wait.all {
		if !one.silent {
			continue
		}
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
			words = hostlist.Fold(byWords[words]) + ": " + words
		}
		o.w.warn("%s", words)
	}
}

// close takes those for silent who are missing when all is over: a host that was cut off, or
// does not keep its word, has not told of them.
func (w *wait) close() {
	missing, _ := w.missing()
	for _, one := range missing {
		one.silent = true
	}
}

// anySilent reports whether somebody has not answered in time.
func (w *wait) anySilent() bool {
	for _, one := range w.all {
		if one.silent {
			return true
		}
	}
	return false
}

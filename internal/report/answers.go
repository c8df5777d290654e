package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"msg/internal/hostlist"
	"msg/internal/message"
	"msg/internal/text"
	"msg/internal/window"
)

// answer shows an answer in words.
func (r *Report) answer(result message.Result) {
	lines := answerLines(result, r.Hosts != nil, r.outWidth())
	if !r.room(result.Host, lines...) {
		r.tally.hidden[result.Host]++
		return
	}
	r.line.endProgress() // the answer stands where it would be
	r.away()
	for _, line := range lines {
		r.print(line)
	}
}

// unanswered waits for the end, where people with the same lack share a line.
func (r *Report) unanswered(message.Result) {}

// answerLines are an answer in words: bob on pts/2: ok (12 s), bob: "ten minutes" (40 s). What
// does not fit one line of the window has a bar in front of each row: at the beginning of a
// row, it could pose as somebody else's answer.
func answerLines(r message.Result, withHost bool, columns int) []string {
	who, at, what := r.User, "", r.Text
	if columns > 0 {
		who = window.Truncate(who, max(columns/3, 1))
	}
	if withHost {
		at = " at " + r.Host
	}
	after := " (" + Span(time.Duration(r.AfterMS)*time.Millisecond) + ")"
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
		head = window.Truncate(head, columns-1)
	}
	return append([]string{head}, Barred(what, columns)...)
}

// Barred returns a text's rows with a bar in front of each, for a window of so many columns;
// 0 is no window.
func Barred(what string, columns int) []string {
	if columns > 0 {
		return text.FrameFor(columns, true).Rows(what)
	}
	return strings.Split("| "+strings.ReplaceAll(what, "\n", "\n| "), "\n")
}

// Span is a time as people say it: 12 s, 3 min 5 s, 2 h 10 min.
func Span(d time.Duration) string {
	switch s := int(d.Round(time.Second).Seconds()); {
	case s < 2*60:
		return fmt.Sprintf("%d s", s)
	case s < 2*60*60:
		return fmt.Sprintf("%d min %d s", s/60, s%60)
	default:
		return fmt.Sprintf("%d h %d min", s/3600, s%3600/60)
	}
}

// endWait tells who has not answered; hosts where these are the same share a line.
func (r *Report) endWait() {
	for _, host := range slices.Sorted(maps.Keys(r.tally.hidden)) {
		r.warn("%s: %s", host, Count(r.tally.hidden[host], "more answer", "more answers"))
	}
	silent := groups{}
	for _, one := range r.tally.people {
		if one.silent {
			silent.add(one.host, one.user)
		}
	}
	same := groups{}
	for _, host := range silent.order {
		same.add("no answer from "+list(silent.of[host]), host)
	}
	for _, words := range same.order {
		if r.Hosts != nil {
			r.warn("%s: %s", hostlist.Fold(same.of[words]), words)
		} else {
			r.warn("%s", words)
		}
	}
}

// mostListed limits a list of people, in bytes.
const mostListed = 16 << 10

// list is such as "alice, bob and 3 more".
func list(names []string) string {
	size := 0
	for i, name := range names {
		if size += len(name) + len(", "); size > mostListed && i > 0 {
			return strings.Join(names[:i], ", ") + fmt.Sprintf(" and %d more", len(names)-i)
		}
	}
	return strings.Join(names, ", ")
}

// groups are words by a key, in the order of the keys' first appearance.
type groups struct {
	order []string
	of    map[string][]string
}

func (g *groups) add(key, word string) {
	if g.of == nil {
		g.of = map[string][]string{}
	}
	if g.of[key] == nil {
		g.order = append(g.order, key)
	}
	g.of[key] = append(g.of[key], word)
}

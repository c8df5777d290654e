package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"msg/internal/hostlist"
	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/text"
)

// hosts is what is known of a message to several hosts so far.
type hosts struct {
	names    []string // all of them
	reached  []string
	pushed   []string        // that had to be sent the helper
	told     map[string]bool // hosts that a line is about
	failures []*failures
	byWords  map[failureKind]*failures
	lines    map[string]int // of each host
}

// failureKind is what failures have in common that are told together.
type failureKind struct {
	reason message.Reason
	words  string
}

// mostLines is how many lines one host gets: it may say what it likes.
const mostLines = 20

// failures are those of several hosts that are told in the same words.
type failures struct {
	words string
	hosts []string
	first message.Result
}

func newHosts(parts []remote.Part) *hosts {
	h := &hosts{told: map[string]bool{}, byWords: map[failureKind]*failures{}, lines: map[string]int{}}
	for _, p := range parts {
		h.names = append(h.names, p.Host)
	}
	return h
}

// onHost takes in a result of one of the hosts, and shows what is not to wait for the
// others.
func (o *reporter) onHost(r message.Result) {
	h := o.hosts
	switch r.Event {
	case message.Delivered, message.Planned:
		h.told[r.Host] = true
		if o.reached = append(o.reached, r); o.verbose {
			o.print(verb(r) + " " + who(r) + " at " + r.Host)
		}
	case message.Failed:
		if h.fail(r); o.settled {
			o.tell() // nobody waits for the other hosts to hear of it
		}
	case message.Reached:
		h.reached = append(h.reached, r.Host)
	case message.Pushed:
		h.pushed = append(h.pushed, r.Host)
	case message.Waiting:
		if o.alone() || o.typing != nil && r.Terminal == "" {
			o.waiting(r)
		}
	}
}

// hostDone takes in that a host has told what became of the text: it is Open, or nothing
// else will come of it, either.
func (o *reporter) hostDone(r message.Result) {
	o.progress.done(r.Host)
	if r.Event == message.Failed && o.wait != nil {
		o.wait.gone[r.Host] = true
	}
	if o.stays() && (r.Event == message.Open || !o.settled) {
		o.settle(r.Host)
	}
}

// stays reports whether the message waits for answers, or for what is typed.
func (o *reporter) stays() bool { return o.wait != nil || o.typing != nil }

// alone reports whether there is one host.
func (o *reporter) alone() bool { return o.summary.Hosts == 1 }

func (h *hosts) fail(r message.Result) {
	h.told[r.Host] = true
	words := why(r)
	if !r.OfHost() {
		words = who(r) + ": " + words
	}
	if !r.OfHost() {
		h.lines[r.Host]++
	}
	if h.lines[r.Host] > mostLines {
		return
	}
	kind := failureKind{r.Reason, words}
	if f := h.byWords[kind]; f != nil {
		f.hosts = append(f.hosts, r.Host)
		f.first.Hint = cmp.Or(f.first.Hint, r.Hint) // what another host says of itself has none
		return
	}
	f := &failures{words, []string{r.Host}, r}
	h.failures, h.byWords[kind] = append(h.failures, f), f
}

// tellHosts shows what has become of the message so far, hosts with the same outcome in
// one line.
func (o *reporter) tellHosts() {
	h := o.hosts
	if len(h.failures) > 0 && o.settled {
		o.away()
	}
	for _, f := range h.failures {
		o.w.warn("%s: %s", hostlist.Fold(f.hosts), f.words)
		o.hint(f.first)
	}
	h.failures, h.byWords = nil, map[failureKind]*failures{}
	if len(h.pushed) > 0 {
		o.w.warn("%s: had no msg; msg-helper was sent along, and nothing of it is left there", hostlist.Fold(h.pushed))
	}
	h.pushed = nil
	if len(o.reached) > 0 && !o.verbose && (o.summary.Planned > 0 || isTerminal(o.w.stdout)) {
		o.print(o.hostLine())
	}
}

// endHosts shows what is known of hosts at the end.
func (o *reporter) endHosts() {
	h := o.hosts
	for _, host := range slices.Sorted(maps.Keys(h.lines)) {
		if more := h.lines[host] - mostLines; more > 0 {
			o.w.warn("%s: %s", host, count(more, "more failed", "more failed"))
		}
	}
	none := slices.DeleteFunc(slices.Clone(h.reached), func(host string) bool { return h.told[host] })
	if len(none) > 0 && (o.verbose || o.summary.Planned > 0 || isTerminal(o.w.stdout)) {
		o.print(hostlist.Fold(none) + ": nobody to send to")
	}
}

// hostLine says who was reached: by name where that is on one host and fits the window.
func (o *reporter) hostLine() string {
	people, names := map[string]bool{}, []string{}
	hosts, seen := []string{}, map[string]bool{}
	for _, r := range o.reached {
		people[r.User] = true
		names = append(names, who(r))
		if !seen[r.Host] {
			hosts = append(hosts, r.Host)
		}
		seen[r.Host] = true
	}
	line := hostlist.Fold(hosts) + ": " + verbHosts(o.reached[0]) + " "
	full := line + strings.Join(names, ", ")
	if width := max(terminalWidth(o.w.stdout), 60); len(hosts) == 1 && text.Width(full) <= width {
		return full
	}
	return line + count(len(o.reached), "terminal", "terminals") + " of " + count(len(people), "person", "people")
}

func verbHosts(r message.Result) string {
	if r.Event == message.Planned {
		return "would be delivered to"
	}
	return "delivered to"
}

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"msg/internal/hostlist"
	"msg/internal/message"
	"msg/internal/text"
)

// hosts is the view of a message to named hosts: hosts with the same outcome share a line.
type hosts struct {
	*Report
	reached  []message.Result
	all      []string // hosts that carried out their part
	pushed   []string // hosts that got msgd for this message
	told     map[string]bool
	failures []*failures
	byWords  map[failureKind]*failures
	lines    map[string]int // of each host that failures have
	unshown  map[string]int // failures of each host that have none
	further  map[string]int // terminals of each host that --verbose has no line for
}

// failureKind is what failures have in common that share a line.
type failureKind struct {
	reason message.Reason
	words  string
}

// failures are those of several hosts in the same words.
type failures struct {
	words string
	hosts []string
	first message.Result
}

// mostLines limits the lines of one host, which may say what it likes.
const mostLines = 20

func newHosts(r *Report) *hosts {
	return &hosts{Report: r, told: map[string]bool{}, byWords: map[failureKind]*failures{}, lines: map[string]int{}, unshown: map[string]int{}, further: map[string]int{}}
}

func (v *hosts) result(r message.Result) {
	switch r.Event {
	case message.Delivered, message.Planned:
		v.told[r.Host] = true
		if v.reached = append(v.reached, r); v.Verbose {
			v.each(verb(r)+" "+who(r)+" at "+r.Host, r.Host)
		}
	case message.Failed:
		if v.fail(r); v.settled {
			v.tell() // nobody waits for the other hosts to hear of it
		}
	case message.Reached:
		v.all = append(v.all, r.Host)
	case message.Pushed:
		v.pushed = append(v.pushed, r.Host)
	case message.Waiting:
		v.waits(r)
	}
}

// each prints the line of one terminal.
func (v *hosts) each(line, host string) {
	if !v.room(host, line) {
		v.further[host]++
		return
	}
	v.print(line)
}

// waits tells of a host that takes long, if there is no other, or if somebody types.
func (v *hosts) waits(r message.Result) {
	switch alone := len(v.Hosts) == 1; {
	case alone:
		v.waiting(r, r.Detail)
	case v.Keyboard != nil && r.Terminal == "":
		v.waiting(r, r.Host+": "+r.Detail)
	}
}

func (v *hosts) fail(r message.Result) {
	v.told[r.Host] = true
	words := why(r)
	if !r.OfHost() {
		words = who(r) + ": " + words
		if v.lines[r.Host] == mostLines || !v.room(r.Host, words) {
			v.unshown[r.Host]++
			return
		}
		v.lines[r.Host]++
	}
	kind := failureKind{r.Reason, words}
	if f := v.byWords[kind]; f != nil {
		f.hosts = append(f.hosts, r.Host)
		f.first.Hint = cmp.Or(f.first.Hint, r.Hint) // what another host says of itself has none
		return
	}
	f := &failures{words, []string{r.Host}, r}
	v.failures, v.byWords[kind] = append(v.failures, f), f
}

func (v *hosts) tell() {
	if len(v.failures) > 0 && v.settled {
		v.away()
	}
	for _, f := range v.failures {
		v.warn("%s: %s", hostlist.Fold(f.hosts), f.words)
		v.hintForHost(f.first)
	}
	v.failures, v.byWords = nil, map[failureKind]*failures{}
	if len(v.pushed) > 0 {
		v.warn("%s: had no msg; msgd was sent along, and nothing of it is left there", hostlist.Fold(v.pushed))
	}
	v.pushed = nil
	if len(v.reached) > 0 && !v.Verbose && (v.tally.Planned > 0 || v.toPerson) {
		v.print(v.reachedLine())
	}
	v.reached = nil
}

// hintForHost says what to do about a failure on another host: this host's words would
// mislead there.
func (v *hosts) hintForHost(r message.Result) {
	switch {
	case r.Reason == message.GivenUp:
	case r.Host == v.Here:
		v.hintFor(r)
	case r.OfHost():
		v.hint(r.Hint, r.Hint)
	case r.Reason == message.NoHelper:
		v.hint(string(r.Reason)+r.Host, fmt.Sprintf("\"ssh %s msg doctor\" says what is missing", r.Host))
	case r.Reason == message.NotLoggedIn || r.Reason == message.Unknown:
		v.hint(string(message.NotLoggedIn), fmt.Sprintf("\"ssh %s msg sessions\" shows who is logged in", r.Host))
	default:
		v.hintFor(r)
	}
}

func (v *hosts) end() {
	for _, host := range slices.Sorted(maps.Keys(v.unshown)) {
		v.warn("%s: %d more failed", host, v.unshown[host])
	}
	for _, host := range slices.Sorted(maps.Keys(v.further)) {
		v.warn("%s: %d more that --json names", host, v.further[host])
	}
	none := slices.DeleteFunc(slices.Clone(v.all), func(host string) bool { return v.told[host] })
	if len(none) > 0 && (v.Verbose || v.tally.Planned > 0 || v.toPerson) {
		v.print(hostlist.Fold(none) + ": nobody to send to")
	}
	if v.Waits {
		v.endWait()
	}
}

// reachedLine says who was reached: by name if that is on one host and fits the window.
func (v *hosts) reachedLine() string {
	people, seen := map[string]bool{}, map[string]bool{}
	var names, on []string
	for _, r := range v.reached {
		people[r.User] = true
		names = append(names, who(r))
		if !seen[r.Host] {
			on = append(on, r.Host)
		}
		seen[r.Host] = true
	}
	line := hostlist.Fold(on) + ": delivered to "
	if v.reached[0].Event == message.Planned {
		line = hostlist.Fold(on) + ": would be delivered to "
	}
	full := line + strings.Join(names, ", ")
	if len(on) == 1 && text.Width(full) <= max(v.outWidth(), leastLine) {
		return full
	}
	return line + Count(len(v.reached), "terminal", "terminals") + " of " + Count(len(people), "person", "people")
}

package report

import (
	"strings"

	"msg/internal/message"
	"msg/internal/text"
	"msg/internal/window"
)

// words is the view of a message to this host.
type words struct {
	*Report
	reached []message.Result
}

func (v *words) result(r message.Result) {
	switch {
	case r.Event == message.Waiting:
		v.waiting(r, r.Detail)
	case r.Reason == message.Stuck && v.Interrupted():
		v.warn("%s: %s", who(r), r.Detail)
	case r.Event == message.Failed:
		v.away()
		v.warn("%s: %s", who(r), why(r))
		v.hintFor(r)
	case v.Verbose:
		v.print(verb(r) + " " + who(r))
	case r.Event == message.Planned || v.toPerson:
		v.reached = append(v.reached, r)
	}
}

// place is a terminal of a host.
type place struct{ host, terminal string }

// waiting tells a person why nothing seems to happen: once of each terminal, and of some alone.
func (r *Report) waiting(result message.Result, words string) {
	on := place{result.Host, result.Terminal}
	switch {
	case !window.IsTerminal(r.Stderr):
	case result.Terminal != "":
		if !r.waits[on] && len(r.waits) < mostLines {
			r.waits[on] = true
			r.warn("%s takes no output; waiting (Ctrl-C ends it)", who(result))
		}
	case !r.slow:
		r.slow = true
		r.warn("%s (Ctrl-C ends it)", words)
	}
}

// hintFor says what to do about a failure on this host.
func (r *Report) hintFor(result message.Result) {
	words := strings.ReplaceAll(hints[result.Reason], Msg.TimeFlag+" ", r.Program.TimeFlag+" ")
	if result.Hint != "" {
		words = result.Hint
	}
	if near := r.Near(result.Target); result.Reason == message.Unknown && near != "" {
		words = near
	}
	if result.Reason == message.Denied && result.Target == "" {
		words = "" // the kernel's word, and not the policy's
	}
	r.hint(string(result.Reason), words)
}

func (v *words) tell() {
	if len(v.reached) > 0 {
		v.away()
		v.print(verb(v.reached[0]) + " " + Names(v.reached, v.outWidth()))
	}
	v.reached = nil
}

func (v *words) end() {
	if v.tally.Nobody() && v.toPerson {
		v.print("nobody to send to")
	}
	if v.Waits {
		v.endWait()
	}
}

func verb(r message.Result) string {
	if r.Event == message.Planned {
		return "would send to"
	}
	return "sent to"
}

// leastLine is what a line may have even in a narrower window, in columns.
const leastLine = 60

// Names says in one line who is reached: by name if that fits the window, else how many.
func Names(reached []message.Result, columns int) string {
	people := map[string]bool{}
	all := make([]string, len(reached))
	for i, r := range reached {
		people[r.User] = true
		all[i] = who(clean(r))
	}
	line := strings.Join(all, ", ")
	if text.Width(verb(reached[0])+" "+line) > max(columns, leastLine) {
		line = Count(len(reached), "terminal", "terminals") + " of " + Count(len(people), "user", "users")
	}
	return line
}

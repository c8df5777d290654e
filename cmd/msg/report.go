package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"

	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/report"
	"msg/internal/text"
)

// reporter shows the results of one message: on standard output who was
// reached, on standard error who was not.
type reporter struct {
	w       world
	quiet   bool
	verbose bool
	json    bool
	summary report.Summary
	reached []message.Result
	told    bool            // who is reached, as standard output is a terminal
	hinted  map[string]bool // by reason
	err     error           // the first that came of writing to standard output

	series   bool   // it is one of several messages, and what they come to is told by others
	inVain   int    // of the failed results, those that would come again
	hosts    *hosts // of a message that names some, else nil
	progress *progress

	mu      sync.Mutex // of what follows, and of the screen
	wait    *wait      // for answers, else nil
	typing  *typing
	open    map[string]bool // hosts that have told what became of the text
	settled bool            // all have
	slow    bool            // it was told that lines wait
	last    bool            // nothing more will be typed
	over    bool

	// interrupted tells whether the sender has given up; giveUp has them do so, where
	// nobody reads any more what becomes of a message that stays.
	interrupted func() bool
	giveUp      func()

	// late tells whether the next message of the series is due.
	late func() bool
}

// reporter shows what becomes of the parts of a message; away tells whether hosts are
// named.
func (c *sendCmd) reporter(w world, parts []remote.Part, away bool) *reporter {
	o := &reporter{
		w: w, quiet: c.Quiet, verbose: c.Verbose, json: c.JSON, told: isTerminal(w.stdout),
		summary:     report.Summary{Event: "summary", Hosts: len(parts)},
		hinted:      map[string]bool{},
		open:        map[string]bool{},
		interrupted: func() bool { return false }, giveUp: func() {}, late: func() bool { return false },
	}
	if away {
		o.hosts = newHosts(parts)
	}
	if c.Wait && !c.DryRun {
		o.wait = newWait()
	}
	return o
}

// result shows one result as it comes.
func (o *reporter) result(r message.Result) {
	r = clean(r)
	if r.Event == message.Failed && o.late() {
		r = inTime(r)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.count(r)
	if r.Event == message.Failed && r.Target != "" && (r.Reason == message.Unknown || r.Reason == message.Denied) {
		o.inVain++
	}
	o.hideMissing()
	defer o.showMissing()
	switch {
	case r.Event == message.Answered && o.wait != nil:
		o.answer(r)
	case r.Event == message.Unanswered && o.wait != nil:
		o.unanswered(r)
	case r.Event == message.Open:
		o.hostDone(r)
	default:
		o.outcome(r)
	}
}

func (o *reporter) count(r message.Result) {
	counts := message.Counts{Delivered: o.summary.Delivered, Failed: o.summary.Failed, Planned: o.summary.Planned}
	counts.Add(r)
	o.summary.Delivered, o.summary.Failed, o.summary.Planned = counts.Delivered, counts.Failed, counts.Planned
}

// outcome shows what became of the text.
func (o *reporter) outcome(r message.Result) {
	if r.Event == message.Delivered && o.wait != nil {
		o.wait.of(r).has = true
	}
	if o.hosts != nil && (r.Event == message.Reached || r.Event == message.Failed && r.OfHost()) {
		defer o.hostDone(r)
	}
	if o.hosts != nil && !o.json {
		o.onHost(r)
		return
	}
	switch {
	case r.Event == message.Waiting:
		o.waiting(r)
	case o.json:
		o.object(r)
	case o.quiet:
	case r.Reason == message.Stuck && o.interrupted() && !givenUp(r):
		o.w.warn("%s: %s", who(r), r.Detail)
	case r.Event == message.Failed:
		o.away()
		o.w.warn("%s: %s", who(r), why(r))
		o.hint(r)
	case o.verbose:
		o.print(verb(r) + " " + who(r))
	case r.Event == message.Planned || o.told:
		o.reached = append(o.reached, r)
	}
}

// settle takes in that a host has told what became of the text. When all have, that is
// shown, and a message that stays goes on from there.
func (o *reporter) settle(host string) {
	if o.settled {
		o.tell() // what was typed is through, too
	}
	if o.open[host] = true; o.settled || len(o.open) < o.summary.Hosts {
		return
	}
	o.settled = true
	o.progress.end()
	if o.typing != nil {
		close(o.typing.open)
	}
	o.tell()
}

// waiting tells a person why nothing seems to happen.
func (o *reporter) waiting(r message.Result) {
	switch {
	case o.quiet || o.json || !isTerminal(o.w.stderr):
	case r.Terminal == "" && o.slow:
	case r.Terminal == "":
		o.slow = true
		words := r.Detail
		if !o.alone() {
			words = r.Host + ": " + words
		}
		o.w.warn("%s (Ctrl-C ends it)", words)
	default:
		o.w.warn("%s takes no output; waiting (Ctrl-C ends it)", who(r))
	}
}

// status is the exit status that the results so far come to.
func (o *reporter) status() int {
	switch {
	case o.interrupted() && (o.w.name != "write" || o.summary.Failed > 0):
		return exitInterrupted
	case o.summary.Failed > 0:
		return exitNotReached
	case o.wait != nil && o.wait.anySilent():
		return exitNotAnswered
	}
	return exitOK
}

// away begins a row on a terminal where somebody types, away from what is half typed.
func (o *reporter) away() {
	if o.typing == nil || o.typing.over.Load() || !isTerminal(o.w.stderr) || o.last {
		return
	}
	fmt.Fprintln(o.w.stderr)
	o.last = o.interrupted() // nothing is typed after that
}

// abandon takes off the screen what would be drawn again.
func (o *reporter) abandon() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hideMissing()
	o.over = true
}

// tell shows what has become of the text, as far as that is known and not told yet.
func (o *reporter) tell() {
	switch {
	case o.json, o.quiet:
	case o.hosts != nil:
		o.tellHosts()
	case len(o.reached) > 0:
		o.away()
		o.print(o.line())
	}
	o.reached = nil
}

// end shows what can be told only now.
func (o *reporter) end() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hideMissing()
	o.over = true
	if o.interrupted() {
		o.away()
	}
	if o.wait != nil {
		o.wait.close()
		o.summary.Answered = o.wait.answered()
	}
	s := o.summary
	nobody := s.Delivered+s.Planned+s.Failed == 0
	o.tell()
	switch {
	case o.json && o.series:
	case o.json:
		o.object(s)
	case o.quiet:
	case o.hosts != nil:
		o.endHosts()
	case nobody && isTerminal(o.w.stdout):
		o.print("nobody to send to")
	}
	if o.wait != nil && !o.json && !o.quiet {
		o.endWait()
	}
	return o.err
}

// line says in one line who was reached: by name where that fits the window.
func (o *reporter) line() string { return verb(o.reached[0]) + " " + o.names() }

// names are who is reached, or how many, where these do not fit the window.
func (o *reporter) names() string {
	people := map[string]bool{}
	all := make([]string, len(o.reached))
	for i, r := range o.reached {
		people[r.User] = true
		all[i] = who(r)
	}
	line := strings.Join(all, ", ")
	if width := max(terminalWidth(o.w.stdout), 60); text.Width(verb(o.reached[0])+" "+line) > width {
		line = count(len(o.reached), "terminal", "terminals") + " of " + count(len(people), "user", "users")
	}
	return line
}

func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

func verb(r message.Result) string {
	if r.Event == message.Planned {
		return "would send to"
	}
	return "sent to"
}

// who names whom a result is about: bob on pts/3, or the target.
func who(r message.Result) string {
	switch {
	case r.Detached:
		return r.User + " on " + r.Terminal + " (detached)"
	case r.Terminal != "":
		return r.User + " on " + r.Terminal
	case r.User != "" && r.User != r.Target:
		return r.User + " (" + r.Target + ")"
	case r.Target != "":
		return r.Target
	}
	return r.Host
}

// reasons are the words for each reason. Where there is no word, the detail
// says it better.
var reasons = map[message.Reason]string{
	message.MessagesOff:  "messages are off",
	message.Stuck:        "the terminal is stuck",
	message.Gone:         "the terminal is gone",
	message.Busy:         "a program has the terminal to itself",
	message.Denied:       "not allowed to write there",
	message.NotATerminal: "not a terminal",
	message.OwnerChanged: "the terminal has another owner by now",
	message.RateLimited:  "too many messages",
	message.NotLoggedIn:  "not logged in",
	message.NoTerminal:   "logged in, but on no terminal",
	message.Unknown:      "",
	message.Unreachable:  "",
	message.HostKey:      "",
	message.AuthFailed:   "",
	message.Refused:      "",
	message.Interrupted:  "",
	message.NoHelper:     "",
	message.Version:      "the helper is of another version",
	message.Timeout:      "the helper does not answer",
	message.Lost:         "the helper failed",
}

// hints say what to do about a reason.
var hints = map[message.Reason]string{
	message.MessagesOff: "root reaches those, too",
	message.Stuck:       "probably held with Ctrl-S; --time waits longer",
	message.Denied:      "the system's policy, see msg.conf(5); name users, groups or terminals instead of everyone",
	message.RateLimited: "the system's limit, see msg.conf(5); root's are not counted",
	message.NotLoggedIn: `"msg sessions" shows who is`,
	message.NoTerminal:  "a graphical session shows no messages yet",
	message.Unknown:     `"msg sessions" shows who is logged in`,
	message.NoHelper:    `as root, "make install" in msg's source, or msg's package, installs it; "msg doctor" says what is missing`,
	message.Version:     `msg and msg-helper are to be installed together; "msg doctor" tells more`,
	message.Timeout:     `"msg doctor" tells whether it works`,
	message.Lost:        `"msg doctor" tells whether it works`,
}

// inTime says of what was given up why it was, where the next message was due.
func inTime(r message.Result) message.Result {
	const due = "not done when the next message, or the end, was due"
	switch {
	case givenUp(r):
		r.Detail = due
	case r.OfHost() && (r.Reason == message.Unreachable || r.Reason == message.Interrupted):
		r.Reason, r.Detail, r.Hint = message.Interrupted, due, ""
	}
	return r
}

// detailed are the reasons whose detail a person needs, too.
var detailed = []message.Reason{
	message.Stuck, message.Gone, message.NotATerminal, message.Busy, message.RateLimited,
	message.Version, message.Timeout, message.Lost,
}

// givenUp reports whether a terminal does not have the message because nobody waited.
func givenUp(r message.Result) bool {
	return r.Reason == message.GivenUp
}

func why(r message.Result) string {
	words := reasons[r.Reason.Public()]
	switch {
	case words == "", givenUp(r):
		return r.Detail
	case r.Target != "" && r.Reason == message.Denied, // who may, instead
		r.Terminal != "" && r.Reason == message.NoTerminal: // a desktop is there
		return r.Detail
	case slices.Contains(detailed, r.Reason) && r.Detail != "":
		return words + " (" + r.Detail + ")"
	}
	return words
}

// hint shows a reason's hint once.
func (o *reporter) hint(r message.Result) {
	words := hints[r.Reason]
	if o.w.name == "wall" {
		words = strings.ReplaceAll(words, "--time ", "--timeout ")
	}
	if command := nearCommand(r.Target, o.w.commands); r.Reason == message.Unknown && command != "" {
		words = didYouMean(command)
	}
	if r.Reason == message.Denied && r.Target == "" {
		words = "" // the kernel's word, and not the policy's
	}
	if givenUp(r) {
		return
	}
	kind := string(r.Reason)
	switch {
	case o.hosts == nil || r.Host == o.w.engine.Name:
	case r.OfHost():
		words, kind = r.Hint, r.Hint // the words above are of this host
	case r.Reason == message.NoHelper:
		words = fmt.Sprintf("\"ssh %s msg doctor\" says what is missing", r.Host)
		kind += r.Host
	case r.Reason == message.NotLoggedIn || r.Reason == message.Unknown:
		words = fmt.Sprintf("\"ssh %s msg sessions\" shows who is logged in", r.Host)
		kind = string(message.NotLoggedIn)
	}
	if words != "" && !o.hinted[kind] {
		fmt.Fprintln(o.w.stderr, "hint:", words)
	}
	o.hinted[kind] = true
}

// clean makes the names in a result safe to show.
func clean(r message.Result) message.Result {
	for _, s := range []*string{&r.Host, &r.User, &r.Terminal, &r.Session, &r.Target, &r.Detail, &r.Hint} {
		*s = text.Name(*s)
	}
	r.Text = text.Clean(r.Text)
	return r
}

func (o *reporter) object(v any) {
	if r, ok := v.(message.Result); ok {
		v = report.ObjectOf(r)
	}
	line, err := json.Marshal(v)
	o.keep(err)
	o.print(string(line))
}

func (o *reporter) print(line string) {
	_, err := fmt.Fprintln(o.w.stdout, line)
	o.keep(err)
}

func (o *reporter) keep(err error) {
	if o.err == nil {
		o.err = err
	}
	if err != nil && o.stays() {
		o.giveUp()
	}
}

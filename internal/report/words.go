package report

import (
	"fmt"
	"slices"

	"msg/internal/message"
)

// reasons are the words for each reason. A reason without words has a detail that says it
// better.
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
	message.Version:      "msg is of another version",
	message.Timeout:      "msg does not answer",
	message.Lost:         "msg failed",
}

// detailed are the reasons whose detail a person needs, too.
var detailed = []message.Reason{
	message.Stuck, message.Gone, message.NotATerminal, message.Busy, message.RateLimited,
	message.Version, message.Timeout, message.Lost,
}

// NoMsgd is what to do without msgd.
const NoMsgd = `as root, "make install" in msg's source, or msg's package, installs it; "msg doctor" says what is missing`

// hints say what to do about a reason.
var hints = map[message.Reason]string{
	message.MessagesOff: "they can type \"msg mesg y\"; root reaches those, too",
	message.Stuck:       "probably held with Ctrl-S; --time waits longer",
	message.Denied:      "the system's policy, see msg.conf(5); name users, groups or terminals instead of everyone",
	message.RateLimited: "the system's limit, see msg.conf(5); root's are not counted",
	message.NotLoggedIn: `"msg sessions" shows who is`,
	message.NoTerminal:  "a graphical session shows no messages yet",
	message.Unknown:     `"msg sessions" shows who is logged in`,
	message.NoHelper:    NoMsgd,
	message.Version:     `install msg and msgd together; "msg doctor" tells more`,
	message.Timeout:     `"msg doctor" tells whether it works`,
	message.Lost:        `"msg doctor" tells whether it works`,
}

// why says in words why a result failed.
func why(r message.Result) string {
	words := reasons[r.Reason]
	switch {
	case words == "":
		return r.Detail
	case r.Target != "" && r.Reason == message.Denied, // who may, instead
		r.Terminal != "" && r.Reason == message.NoTerminal: // a desktop is there
		return r.Detail
	case slices.Contains(detailed, r.Reason) && r.Detail != "":
		return words + " (" + r.Detail + ")"
	}
	return words
}

// inTime says why something was given up, if the next message was due by then.
func inTime(r message.Result) message.Result {
	const due = "not done when the next message, or the end, was due"
	switch {
	case r.Reason == message.GivenUp:
		r.Reason, r.Detail = message.Stuck, due // it was not the sender who gave up
	case r.OfHost() && (r.Reason == message.Unreachable || r.Reason == message.Interrupted):
		r.Reason, r.Detail, r.Hint = message.Interrupted, due, ""
	}
	return r
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

// Count writes 1 alias, 2 aliases.
func Count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprint(n, " ", many)
}

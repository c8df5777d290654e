// Package consent judges whether a person's terminals take messages from a sender, and keeps
// what a person has said about all of theirs.
//
// A rule is pure: it reads no terminal, no configuration and no account. The package opens no
// terminal and does not know who root is: what overrides a person's word is the caller's matter.
package consent

// Answer is what somebody said.
type Answer uint8

// The answers.
const (
	Unsaid Answer = iota // nothing
	Yes
	No

	// Unclear is the answer of a person whose word can't be read. In doubt, it is a no.
	Unclear
)

// Bits of a terminal's mode, as st_mode has them (inode(7)).
const (
	sticky      = 0o1000
	groupWrites = 0o020
)

// Rule is one person's consent for one sender, on one terminal: everything but the terminal's
// mode, which may change at any moment.
type Rule struct {
	Everywhere Answer // the person's word about all of theirs, for this sender: see Word.For
	BeginsOn   bool   // the terminal began as group-writable: a plain 0600 is a person's no
	Explicit   bool   // only a yes counts: a terminal that root owns and leads
	Unsaid     bool   // messages are on for people who say nothing: [messages] unsaid = "on"
}

// Verdict is whether messages are on, and why.
type Verdict struct {
	On  bool
	Why Why
}

// Why is what a verdict rests on. Its text is for scripts, and never changes.
type Why string

// The reasons for a verdict.
const (
	SaidHere       Why = "terminal"   // mesg y or mesg n on this terminal
	SaidEverywhere Why = "everywhere" // the person's word about all of theirs
	Began          Why = "began"      // the terminal began with messages on, and still has them
	ByDefault      Why = "default"    // nobody said anything
	RootsTerminal  Why = "root"       // a terminal of root's, and no yes on it
	Unreadable     Why = "unreadable" // the person's word about all of theirs can't be read
)

// Judge returns the verdict for a terminal's mode: the permission bits of st_mode and S_ISVTX.
//
// A no on the terminal comes first. The word about all terminals comes before a yes on this one:
// group-writable is a default as often as a word.
func (r Rule) Judge(mode uint32) Verdict {
	on := mode&groupWrites != 0
	switch {
	case !on && (mode&sticky != 0 || r.BeginsOn):
		return Verdict{false, SaidHere}
	case r.Everywhere == Yes:
		return Verdict{true, SaidEverywhere}
	case r.Everywhere == No:
		return Verdict{false, SaidEverywhere}
	case r.Everywhere != Unsaid:
		return Verdict{false, Unreadable}
	case on && r.BeginsOn:
		return Verdict{true, Began}
	case on:
		return Verdict{true, SaidHere}
	case r.Explicit:
		return Verdict{false, RootsTerminal}
	}
	return Verdict{r.Unsaid, ByDefault}
}

// Words returns why messages are on or off, for somebody who is not the terminal's owner.
func (v Verdict) Words() string {
	switch v.Why {
	case SaidHere:
		return "said on this terminal (mesg " + map[bool]string{true: "y", false: "n"}[v.On] + ")"
	case SaidEverywhere:
		return "said for all terminals of this user (msg mesg --everywhere)"
	case Began:
		return "the terminal began so"
	case ByDefault:
		return "by default: nothing was said"
	case RootsTerminal:
		return "a terminal of root's takes messages only after mesg y"
	}
	return "what the user said for all terminals can't be read"
}

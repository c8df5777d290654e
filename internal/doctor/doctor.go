// Package doctor checks whether msg works on this host: what is installed, who may
// change it, which messages would not arrive, and what to do about it.
//
// It only looks. It changes nothing, and prints nothing: a check ends in a Finding.
package doctor

import (
	"context"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/journal"
	"msg/internal/rate"
	"msg/internal/sessions"
	"msg/internal/text"
	"msg/internal/tty/mine"
)

// The statuses of a finding.
const (
	OK      = "ok"
	Note    = "note"    // good to know; messages go out all the same
	Problem = "problem" // messages do not go out, or are not safe
)

// Finding is the result of one check.
type Finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Found  string `json:"found"`
	Do     string `json:"do,omitempty"` // a command, or words
}

// Clean returns the finding safe to show: paths, names and errors come from outside.
func (f Finding) Clean() Finding {
	f.Found, f.Do = text.Name(f.Found), text.Name(f.Do)
	return f
}

// Host is where doctor looks, and for whom.
type Host struct {
	UID        uint32 // of the user who asks
	UserConfig string // that user's msg.toml; "" if they can have none
	Standard   []any  // standard input, output and error

	Version  string // msg's own
	System   sessions.System
	Accounts *accounts.Directory

	// Ask has msgd say who it is. A *message.Failure or *message.Refusal tells why it does not.
	Ask func(context.Context) (Hello, error)

	// Logins asks logind itself. Examine asks once, instead of System.Logind.
	Logins func(context.Context) ([]sessions.Session, error)

	// Consent tells whether messages come to the user's terminal, and why.
	Consent func(context.Context, *mine.Terminal) consent.Verdict

	Config    string   // the system's msg.toml
	Counts    string   // the directory of msgd's counts
	Pending   string   // the directory of messages that wait
	State     string   // the directory of what msgd keeps for longer
	Door      string   // msgd's socket
	Programs  []string // where msgd may be
	Leftovers []string // where versions before msgd had a program with rights
	Libs      []string // where systemd's programs look for sysusers.d and tmpfiles.d
	Services  string   // nsswitch.conf
	LoginDefs []string // where login.defs(5) may be
	Seats     string   // exists while logind runs (sd_login(3))
	Log       journal.Log
}

// Local returns the places of this host. The caller adds the user, the door, and what msg knows of
// itself, of sessions and of msgd.
func Local() Host {
	return Host{
		Config: config.Path, Counts: rate.Dir, Pending: answers.Dir, State: "/var/lib/msg",
		Programs:  []string{"/usr/local/sbin/msgd", "/usr/sbin/msgd"},
		Leftovers: []string{"/usr/local/libexec/msg-helper", "/usr/libexec/msg-helper"},
		Libs:      []string{"/etc", "/run", "/usr/local/lib", "/usr/lib"},
		Services:  "/etc/nsswitch.conf", LoginDefs: []string{"/etc/login.defs", "/usr/etc/login.defs"},
		Seats: "/run/systemd/seats", Log: journal.Local(),
	}
}

// Hello is what msgd says of itself.
type Hello struct{ Version string }

// Package doctor checks whether msg works on this host: what is installed, who may
// change it, which messages would not arrive, and what to do about it.
//
// It only looks. It changes nothing, and for root it starts no helper that somebody else
// could have put there. It prints nothing either: a check ends in a Finding.
package doctor

import (
	"context"
	"os"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/config"
	"msg/internal/journal"
	"msg/internal/rate"
	"msg/internal/sessions"
	"msg/internal/text"
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
	Helper   Helper

	// Logins asks logind itself. Examine asks once, instead of System.Logind.
	Logins func(context.Context) ([]sessions.Session, error)

	Config   string   // the system's msg.toml
	Counts   string   // the directory of the helper's counts
	Pending  string   // the directory of messages that wait
	Tmpfiles []string // where systemd-tmpfiles looks for the file that makes both
	Seats    string   // exists while logind runs (sd_login(3))
	Log      journal.Log
}

// Local returns the places of this host. The caller adds the user, and what msg knows of
// itself, of sessions and of its helper.
func Local() Host {
	return Host{
		Config: config.Path, Counts: rate.Dir, Pending: answers.Dir,
		Tmpfiles: []string{"/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d"},
		Seats:    "/run/systemd/seats", Log: journal.Local(),
	}
}

// Helper is how msg finds and asks msg-helper.
type Helper struct {
	Path       string   // the helper in use; "" if there is none
	Candidates []string // where msg looks for one

	// Ask starts the helper at that path, and has it say who it is. A *message.Failure
	// tells why it does not.
	Ask func(ctx context.Context, path string) (Hello, error)
}

// Hello is what a helper says of itself.
type Hello struct {
	Version    string
	Privileged bool // it may write to other people's terminals
}

// path returns the helper in use, else one that would be in use if it were executable.
func (h Helper) path() string {
	if h.Path != "" {
		return h.Path
	}
	for _, path := range h.Candidates {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

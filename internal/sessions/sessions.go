// Package sessions tells who is logged in on this host and on which terminals.
//
// The kernel is the truth: a terminal is a device, its owner is the device's owner, its user is
// there while a session leader has it. Registers (utmp, logind) only annotate what the kernel
// shows; an entry that the kernel contradicts is stale and counts for nothing. No path from a
// register is ever opened.
//
// Several terminals may show one screen: in script, behind sudo, in tmux. Forest chooses the
// one that a person looks at, the place: by who started what, by the names of programs and by
// when something was last typed.
//
// The package writes nothing. What is hidden from the caller (hidepid, an absent bus) is left
// out, and no process is believed about another user's terminal.
package sessions

import (
	"context"
	"slices"
	"strings"
	"time"
)

// Source names where a fact about a terminal or session comes from.
type Source string

// The sources, most trusted first.
const (
	Device Source = "device" // the device's owner, mode and times
	Proc   Source = "proc"   // /proc: session leader, foreground process, cgroup
	Utmp   Source = "utmp"
	Logind Source = "logind"
)

// Terminal is a tty device, and what is known of who uses it. Strings are raw bytes from outside.
type Terminal struct {
	Name      string // below /dev: pts/3, tty2
	Device    uint64 // the device number, st_rdev
	Owner     uint32 // the device's uid
	User      string // the owner's name, or the uid where it has none
	Mode      uint32 // the device's permission bits and its sticky bit, as st_mode has them
	BornOn    bool   // it began as group-writable: if it is not by now, somebody switched it off
	LastInput time.Time
	Since     time.Time // login, or start of the session leader; may be zero
	Session   string    // logind's session id, or ""
	Host      string    // the remote host of the login, or ""
	What      string    // name of the foreground process, or ""
	Prompt    bool      // a login prompt or a greeter: nobody is there
	Service   string    // the system service that opened it for itself, or ""
	Graphical bool      // a desktop is shown there, and no text, by logind's word
	Hidden    bool      // /proc is hidden from the caller: nobody can tell
	Hangs     bool      // it holds a thread of msg's that wrote an earlier message there
	Unled     bool      // somebody may lead it whom the caller can't see
	Anonymous bool      // the caller is in a user namespace that hides its owner
	Sources   []Source

	apart bool   // who leads it is outside of the caller's process namespace: a register alone tells nothing of what runs there
	maker string // the program that set the mode at first, if /proc shows one: sshd, login

	// How it stands to the other terminals, as far as /proc tells.

	Outer   string        // the terminal on which script, sudo, su or the like show this one
	Shown   bool          // and it is in front there now
	Remote  bool          // what is in front here passes on what another host shows: ssh
	Pane    int           // pid of the multiplexer's server whose pane this is, or 0
	Control bool          // it speaks tmux's control protocol: no text may come in between
	Shows   int           // pid of the server that it is attached to; 0 where that is unknown
	Ran     time.Duration // when what is in front last ran, where that decides; or 0
}

// InUse reports whether somebody is at the terminal, as far as anybody can tell: if /proc is
// hidden, an open pseudo-terminal counts, and a console that is not root's.
func (t *Terminal) InUse() bool { return t.Open() && !t.Prompt && t.Service == "" }

// Open reports whether anything at all is on the terminal that shows text.
func (t *Terminal) Open() bool { return !t.Graphical && (t.Hidden || len(t.Sources) > 1 && !t.apart) }

// Roots reports whether root owns the terminal.
func (t *Terminal) Roots() bool { return t.Owner == 0 }

// Session is a login as logind knows it.
type Session struct {
	ID       string
	User     string
	UID      uint32
	Class    string // user, greeter, manager, background, …
	Type     string // tty, x11, wayland, …
	Seat     string
	Terminal string // below /dev; "" where logind knows none
	Host     string // remote host
	Since    time.Time
}

// Person reports whether the session is a person's login: no greeter, lock screen, user manager
// or job.
func (s Session) Person() bool { return strings.HasPrefix(s.Class, "user") }

// Graphical reports whether the person looks at a desktop.
func (s Session) Graphical() bool { return s.Type == "x11" || s.Type == "wayland" || s.Type == "mir" }

// Picture is who is logged in at one moment.
type Picture struct {
	Terminals []Terminal // every terminal device, in use or not; by name
	Sessions  []Session  // logins without a terminal, persons' only; by user and id
	Problems  []error    // sources that could not be read; what they know is missing

	Blind   string // why the caller can't see who is on each terminal; "" if they can
	Unasked error  // why logind does not tell who is at a desktop; nil if it does, or is not asked
}

// Find returns the terminal of that name, or nil.
func (p Picture) Find(name string) *Terminal {
	for i := range p.Terminals {
		if p.Terminals[i].Name == name {
			return &p.Terminals[i]
		}
	}
	return nil
}

// System is where to look. Local returns this machine's.
type System struct {
	Dev, Proc, Utmp string   // "/dev", "/proc", "/run/utmp"
	Logins          string   // where logind has a file for each session: "/run/systemd/sessions"
	LoginDefs       []string // where login(1) has its configuration; the first that is there counts

	// UserNames returns the account names of uids, of those that have one.
	UserNames func(ctx context.Context, uids []uint32) map[uint32]string

	Logind Register // nil if it is not to be asked
}

// Register is logind's list of sessions (package logins).
type Register interface {
	Sessions(ctx context.Context) ([]Session, error)
	Ask(ctx context.Context) (add func(*Picture)) // begins to ask; add waits for the answer, and adds it
}

// Local returns this machine, its logind not asked.
func Local(userNames func(context.Context, []uint32) map[uint32]string) System {
	return System{
		Dev: "/dev", Proc: "/proc", Utmp: "/run/utmp", Logins: "/run/systemd/sessions",
		LoginDefs: []string{"/etc/login.defs", "/usr/etc/login.defs"}, UserNames: userNames,
	}
}

// annotate adds what utmp knows to what the kernel shows.
func (p *Picture) annotate(records []Record) {
	byName := make(map[string]*Terminal, len(p.Terminals))
	for i := range p.Terminals {
		byName[p.Terminals[i].Name] = &p.Terminals[i]
	}
	for _, r := range records {
		if t := byName[r.Line]; t != nil && r.names(t.User) {
			t.AddSource(Utmp)
			t.Host, t.Since = r.Host, r.Time
			t.Service = "" // whatever opened it, somebody has logged in
		}
	}
	if len(records) > 0 {
		p.RegisterTells()
	}
}

// AddSource adds a source, once.
func (t *Terminal) AddSource(s Source) {
	if !slices.Contains(t.Sources, s) {
		t.Sources = append(t.Sources, s)
	}
}

const (
	digits   = "0123456789"
	capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// isConsole reports whether it is the name of a virtual console.
func isConsole(name string) bool {
	number, ok := strings.CutPrefix(name, "tty")
	return ok && strings.Trim(number, digits) == ""
}

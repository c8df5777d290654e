// Package motd leaves a notice that people see when they log in: a file in a directory
// whose files pam_motd(8) shows.
//
// A notice is there for as long as the process that has left it, and no longer than to a
// time. A small process beside it waits for either, and then removes the file; if both are
// killed, the next notice removes what is left. So no notice is shown that nobody would
// take back.
//
// The package shows a text as it is: whoever leaves a notice has cleaned it. It writes
// nowhere but into a directory that is root's alone, and follows no link there.
package motd

import "errors"

// Dir is where pam_motd looks for what lasts no longer than the system runs.
const Dir = "/run/motd.d"

// MaxText is the longest file that pam_motd shows, in bytes.
const MaxText = 64 << 10

// Our files have this name and so many letters and digits behind it.
const (
	prefix  = "msg-notice-"
	letters = 8
)

// What no notice is left for.
var (
	ErrTooLong = errors.New("a notice for logins may have 64 KiB at most") // pam_motd would not show it
	ErrOver    = errors.New("its time is over")
)

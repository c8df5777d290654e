// Package motd leaves a notice that people see when they log in: a file in a directory
// whose files pam_motd(8) shows.
//
// A notice is there for as long as the process that has left it. A small process beside it
// does nothing but wait for its end, and then removes the file; if both are killed, the
// next notice removes what is left. So no notice is shown that nobody would take back.
//
// The package shows a text as it is: whoever leaves a notice has cleaned it. It writes
// nowhere but into a directory that is root's alone, and follows no link there.
package motd

import "errors"

// Dir is where pam_motd looks for what lasts no longer than the system runs.
const Dir = "/run/motd.d"

// MaxText is the longest file that pam_motd shows, in bytes.
const MaxText = 64 << 10

// prefix begins the names of our files.
const prefix = "msg-"

// ErrTooLong says that pam_motd would not show the text.
var ErrTooLong = errors.New("a notice for logins may have 64 KiB at most")

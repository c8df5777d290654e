// Package journal writes entries to the system's log: to journald with fields, or to syslog
// with the fields behind the text.
//
// An entry is a datagram. A log takes it within a second, or it is lost. The kernel says who
// sends it, so a sender can't lie about itself.
package journal

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"time"
	"unicode/utf8"
)

// Entry is what is logged. It is cut to what a datagram holds.
type Entry struct {
	Message string
	Fields  []Field
}

// Field is a fact of an entry. Its name is in capitals (MSG_TARGETS), and no other field of the
// entry has it.
type Field struct{ Name, Value string }

// Log names the sockets of the logs. Write reaches journald at Local's path alone, because
// go-systemd takes no other.
type Log struct{ Journald, Syslog string }

// Local returns this system's log.
func Local() Log { return Log{Journald: "/run/systemd/journal/socket", Syslog: "/dev/log"} }

const (
	identifier = "msg"

	mostValue = 80 << 10 // of a field
	mostLine  = 8 << 10  // of an entry in syslog, which has no fields
)

// timeout is how long to wait for a log that takes nothing.
const timeout = time.Second

// ErrNone says that this system has no log.
var ErrNone = errors.New("neither journald nor syslog takes entries")

// Write writes the entry to journald or else to syslog. After a second it gives up: the
// libraries that send the entry have no time limit. What hangs then may still log the entry
// later.
func (l Log) Write(e Entry) error {
	done := make(chan error, 1)
	go func() { done <- l.write(e) }()
	select {
	case err := <-done:
		return err
	case <-time.After(timeout):
		return fmt.Errorf("%w: %w", ErrNone, os.ErrDeadlineExceeded)
	}
}

// write does not wait twice for a log that takes nothing: syslog's socket may be journald's, too.
func (l Log) write(e Entry) error {
	err := toJournald(l.Journald, e)
	if err == nil {
		return nil
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	if syslogErr := toSyslog(l.Syslog, e); syslogErr != nil {
		return fmt.Errorf("%w: %w; %w", ErrNone, err, syslogErr)
	}
	return nil
}

// Settle waits until journald has handled every entry that this process has sent. journald looks up
// the sending process when it handles an entry. If that process has ended, the entry has no
// _SYSTEMD_UNIT. Settle gives up after the time given. Without journald it returns at once.
func (l Log) Settle(within time.Duration) { settle(l.Journald, time.Now().Add(within)) }

// line returns the entry as a line of text.
func (e Entry) line() string {
	var out strings.Builder
	out.WriteString(e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&out, " %s=%q", f.Name, f.Value)
	}
	return Cut(strings.ReplaceAll(out.String(), "\n", " "), mostLine)
}

// Cut shortens a text to that many bytes, at a character, and says so.
func Cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most] + "…"
}

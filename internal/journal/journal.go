// Package journal writes entries to the system's log: to journald with fields (as in
// systemd.io/JOURNAL_NATIVE_PROTOCOL), or else to syslog (RFC 3164), fields behind the text.
//
// It uses the sockets itself: package net would be a sixth of the helper. An entry is a
// datagram, sent or given up within a second. The kernel says who sends it, so nobody can lie.
package journal

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
	"unicode/utf8"
)

// Entry is what is logged. It is cut to what a datagram holds.
type Entry struct {
	Message string
	Fields  []Field
}

// Field is a fact of an entry: its name in capitals, as MSG_TARGETS.
type Field struct{ Name, Value string }

// Log has the sockets to write to.
type Log struct{ Journald, Syslog string }

// Local returns this system's log.
func Local() Log { return Log{Journald: "/run/systemd/journal/socket", Syslog: "/dev/log"} }

const (
	identifier = "msg"
	facility   = 10 // authpriv, as sudo's: who did what
	priority   = 6  // informational

	mostValue = 80 << 10 // of a field
	mostLine  = 8 << 10  // of an entry in syslog, which has no fields
)

// timeout is how long to wait for a log that takes nothing.
const timeout = time.Second

// ErrNone says that this system has no log.
var ErrNone = errors.New("neither journald nor syslog takes entries")

// Write writes the entry to journald or else to syslog. It does not wait twice for a log that
// takes nothing: syslog's socket may be journald's, too.
func (l Log) Write(e Entry) error {
	err := send(l.Journald, e.native())
	if err == nil {
		return nil
	}
	if errors.Is(err, syscall.EAGAIN) {
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	if syslogErr := send(l.Syslog, e.line(time.Now())); syslogErr != nil {
		return fmt.Errorf("%w: %w; %w", ErrNone, err, syslogErr)
	}
	return nil
}

// native returns the entry in journald's form.
func (e Entry) native() []byte {
	var out []byte
	for _, f := range append([]Field{
		{"MESSAGE", e.Message},
		{"PRIORITY", fmt.Sprint(priority)},
		{"SYSLOG_FACILITY", fmt.Sprint(facility)},
		{"SYSLOG_IDENTIFIER", identifier},
	}, e.Fields...) {
		value := Cut(f.Value, mostValue)
		out = append(out, f.Name...)
		if strings.Contains(value, "\n") { // what follows could pose as a field
			out = append(out, '\n')
			out = binary.LittleEndian.AppendUint64(out, uint64(len(value)))
		} else {
			out = append(out, '=')
		}
		out = append(append(out, value...), '\n')
	}
	return out
}

// line returns the entry in syslog's form.
func (e Entry) line(now time.Time) []byte {
	var out strings.Builder
	fmt.Fprintf(&out, "<%d>%s %s[%d]: %s", facility*8+priority, now.Format(time.Stamp), identifier, os.Getpid(), e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&out, " %s=%q", f.Name, f.Value)
	}
	return []byte(Cut(strings.ReplaceAll(out.String(), "\n", " "), mostLine))
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

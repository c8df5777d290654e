// Package journal writes entries to the system's log: to journald with fields, or to syslog
// with the fields behind the text.
//
// An entry is a datagram. A log takes it within a second, or it is lost. The kernel says who
// sends it, so a sender can't lie about itself.
package journal

import (
	"encoding/binary"
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

// Log names the sockets of the logs.
type Log struct{ Journald, Syslog string }

// Local returns this system's log.
func Local() Log { return Log{Journald: "/run/systemd/journal/socket", Syslog: "/dev/log"} }

const (
	identifier = "msg"

	mostValue  = 80 << 10 // of a field
	leastValue = 1 << 10  // of a field, on a system whose datagrams are small
	mostLine   = 8 << 10  // of an entry in syslog, which has no fields
)

// timeout is how long to wait for a log that takes nothing.
const timeout = time.Second

// ErrNone says that this system has no log, or that the log takes nothing. Any other error is a
// fault of this process, which a caller of msg may have arranged.
var ErrNone = errors.New("neither journald nor syslog takes entries")

// Writer writes entries to a log. It needs no descriptor but the one that it has, so a caller who
// leaves a process few of them can't keep it from logging.
type Writer struct {
	log  Log
	fd   int
	turn chan struct{} // one writes at a time
	sent bool          // journald has an entry of this process
}

// Open opens the log. An error means that this process can't log: it may open no more files, for
// instance. A system without a log is no error yet.
func (l Log) Open() (*Writer, error) {
	fd, err := socket()
	if err != nil {
		return nil, fmt.Errorf("opening the log: %w", err)
	}
	return &Writer{log: l, fd: fd, turn: make(chan struct{}, 1)}, nil
}

// Close closes the log.
func (w *Writer) Close() { closeSocket(w.fd) }

// Write writes the entry to journald, or else to syslog. After a second it gives up.
func (w *Writer) Write(e Entry) error {
	deadline := time.Now().Add(timeout)
	select {
	case w.turn <- struct{}{}:
		defer func() { <-w.turn }()
	case <-time.After(timeout):
		return fmt.Errorf("%w: %w", ErrNone, os.ErrDeadlineExceeded)
	}
	err := w.toJournald(e, deadline)
	if err == nil {
		w.sent = true
		return nil
	}
	// It does not wait twice for a log that takes nothing: syslog's socket may be journald's, too.
	if isGone(err) && !errors.Is(err, os.ErrDeadlineExceeded) {
		err = sendTo(w.fd, w.log.Syslog, e.line(time.Now()), deadline)
	}
	switch {
	case err == nil:
		return nil
	case isGone(err):
		return fmt.Errorf("%w: %w", ErrNone, err)
	}
	return fmt.Errorf("logging: %w", err)
}

// toJournald sends the entry in journald's own form. It cuts more of the entry off if the system's
// datagrams are too small for it.
func (w *Writer) toJournald(e Entry, deadline time.Time) error {
	for most := mostValue; ; most /= 2 {
		err := sendTo(w.fd, w.log.Journald, e.native(most), deadline)
		if !isTooLong(err) || most <= leastValue {
			return err
		}
	}
}

// Settle waits until journald has handled every entry that this process has sent. journald looks up
// the sending process when it handles an entry. If that process has ended, the entry has no
// _SYSTEMD_UNIT. Settle gives up after the time given. Without such an entry it returns at once.
func (w *Writer) Settle(within time.Duration) {
	w.turn <- struct{}{}
	defer func() { <-w.turn }()
	if w.sent {
		settle(w.fd, w.log.Journald, time.Now().Add(within))
	}
}

// native returns the entry in journald's own form (systemd.io/JOURNAL_NATIVE_PROTOCOL), with so
// many bytes of each value at most.
func (e Entry) native(most int) []byte {
	fields := append([]Field{
		{"MESSAGE", e.Message},
		{"PRIORITY", "6"},         // info
		{"SYSLOG_FACILITY", "10"}, // authpriv, as sudo's: who did what
		{"SYSLOG_IDENTIFIER", identifier},
	}, e.Fields...)
	var out []byte
	for _, f := range fields {
		value := Cut(f.Value, most)
		out = append(out, f.Name...)
		if strings.Contains(value, "\n") {
			out = append(out, '\n')
			out = binary.LittleEndian.AppendUint64(out, uint64(len(value)))
		} else {
			out = append(out, '=')
		}
		out = append(append(out, value...), '\n')
	}
	return out
}

// line returns the entry as a line for syslog, as RFC 3164 has it, without the host.
func (e Entry) line(at time.Time) []byte {
	var out strings.Builder
	out.WriteString(e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&out, " %s=%q", f.Name, f.Value)
	}
	said := Cut(strings.ReplaceAll(out.String(), "\n", " "), mostLine)
	return fmt.Appendf(nil, "<86>%s %s[%d]: %s\n", at.Format(time.Stamp), identifier, os.Getpid(), said) // authpriv.info
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

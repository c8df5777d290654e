// Package shutdown reads which shutdown of this host is scheduled: what logind writes to a
// file for shutdown(8) and systemctl(1), and takes away when it is cancelled.
//
// It asks nobody and changes nothing. The file is root's, but the message in it is of
// whoever may schedule a shutdown; it comes back as raw bytes.
package shutdown

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"strconv"
	"strings"
	"time"
)

// File is where logind keeps it (src/login/logind-dbus.c in systemd): lines of the form
// NAME=value, their values escaped as C strings.
const File = "/run/systemd/shutdown/scheduled"

// mostBytes is more than logind writes for the longest message that it takes.
const mostBytes = 1 << 20

// Scheduled is a shutdown that is to come.
type Scheduled struct {
	At      time.Time
	Mode    string // reboot, poweroff, halt, kexec, soft-reboot, …
	Silent  bool   // shutdown --no-wall: nobody is to be warned
	Message string // what shutdown was given to say, or ""
	From    string // the terminal that it was scheduled at, below /dev; or "". logind does not warn there

	file fs.FileInfo // that it was read from
}

// Read reads the file; fs.ErrNotExist says that none is scheduled.
func Read(path string) (Scheduled, error) {
	f, err := os.Open(path)
	if err != nil {
		return Scheduled{}, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err != nil {
		return Scheduled{}, err
	}
	if len(data) > mostBytes {
		return Scheduled{}, fmt.Errorf("%s is longer than %d KiB", path, mostBytes>>10)
	}
	s, err := Parse(data)
	if err != nil {
		return s, fmt.Errorf("%s: %w", path, err)
	}
	s.file, err = f.Stat()
	return s, err
}

// Parse reads what is in the file. Names that it does not know are another version's.
func Parse(data []byte) (Scheduled, error) {
	var s Scheduled
	for line := range bytes.Lines(data) {
		name, value, ok := strings.Cut(strings.TrimSuffix(string(line), "\n"), "=")
		if !ok {
			continue
		}
		switch name {
		case "USEC": // since 1970
			usec, err := strconv.ParseInt(value, 10, 64)
			if err != nil || usec <= 0 || usec > math.MaxInt64/1000 { // which a time.Duration can still hold
				return s, fmt.Errorf("USEC=%q is no time", value)
			}
			s.At = time.UnixMicro(usec)
		case "MODE":
			s.Mode = value
		case "WARN_WALL":
			s.Silent = value == "0"
		case "TTY":
			s.From = strings.TrimPrefix(value, "/dev/")
		case "WALL_MESSAGE":
			s.Message = unescape(value)
		}
	}
	if s.At.IsZero() || s.Mode == "" {
		return s, errors.New("it lacks USEC or MODE")
	}
	return s, nil
}

// simple are the escapes of one letter of systemd's cescape; \s is a blank.
var simple = map[byte]byte{
	'a': '\a', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t', 'v': '\v', 's': ' ',
	'\\': '\\', '"': '"', '\'': '\'',
}

// unescape takes back what systemd has done to the bytes that are no plain letters: \303
// up to version 252, \xc3 in 257. What is no escape stays as it is.
func unescape(s string) string {
	var out strings.Builder
	for len(s) > 0 {
		if s[0] == '\\' && len(s) > 1 {
			if c, ok := simple[s[1]]; ok {
				out.WriteByte(c)
				s = s[2:]
				continue
			}
			if c, rest, ok := number(s[1:]); ok {
				out.WriteByte(c)
				s = rest
				continue
			}
		}
		out.WriteByte(s[0])
		s = s[1:]
	}
	return out.String()
}

// number reads what stands behind a backslash: x and two hexadecimal digits, or three
// octal ones.
func number(s string) (c byte, rest string, ok bool) {
	if len(s) < 3 {
		return 0, s, false
	}
	digits, base := s[:3], 8
	if s[0] == 'x' {
		digits, base = s[1:3], 16
	}
	n, err := strconv.ParseUint(digits, base, 8)
	return byte(n), s[3:], err == nil
}

// settle is how long none has to be scheduled before that counts: logind takes the file away
// for a moment when it replaces it.
const settle = time.Second

// Changed returns when what is scheduled is not s any more, or when ctx is done. It looks
// once a second, and only while a shutdown is scheduled: nobody waits for one to be, which
// systemd.path(5) does.
func (s Scheduled) Changed(ctx context.Context, path string) {
	for sleep(ctx, time.Second) {
		if s.isIn(path) {
			continue
		}
		now, err := Read(path)
		if errors.Is(err, fs.ErrNotExist) && sleep(ctx, settle) {
			now, err = Read(path)
		}
		if err != nil || !s.same(now) {
			return
		}
		s = now // logind has started anew, and has written the same again
	}
}

// isIn reports whether the file is the one that s was read from.
func (s Scheduled) isIn(path string) bool {
	now, err := os.Stat(path)
	return err == nil && os.SameFile(now, s.file) && now.ModTime().Equal(s.file.ModTime())
}

// same reports whether two would be told in the same words.
func (s Scheduled) same(other Scheduled) bool {
	s.file, other.file = nil, nil
	return s == other
}

// sleep returns false where ctx is done before.
func sleep(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

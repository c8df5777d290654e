package sessions

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// CameFrom is the host that a session's user has come from, as sshd has told logind;
// "" for none, and where it is not known.
func (s System) CameFrom(session string) string {
	content, err := s.loginFile(make([]byte, smallSize), session)
	if err != nil {
		return ""
	}
	return loginValue(content, "REMOTE_HOST")
}

// ReadLogins returns logind's sessions as its files tell of them, of which there is one for
// each, and the ids of those of which logind itself must be asked. A terminal that logind
// has from utmp is not in them. No bus is asked, as sd_get_sessions(3) asks none; it fails
// where there are no such files.
func (s System) ReadLogins() (found []Session, unsure []string, err error) {
	names, err := fileNames(s.Logins)
	if err != nil {
		return nil, nil, err
	}
	buf := make([]byte, smallSize)
	for _, name := range names {
		if !isID(name) { // c2.ref, a pipe; .#c2, which is still written
			continue
		}
		content, err := s.loginFile(buf, name)
		if errors.Is(err, unix.ENOENT) {
			continue // ended since it was listed
		}
		one, ok := parseLogin(name, content)
		switch {
		case err != nil || !ok:
			unsure = append(unsure, name)
		case loginValue(content, "STATE") != "closing": // logged out, with processes left behind
			found = append(found, one)
		}
	}
	return found, unsure, nil
}

// errUnsure is that a file may not tell of its session what logind would.
var errUnsure = errors.New("the file of a session may hold what its user wrote")

// loginFile reads a session's file, into a buffer where that is long enough.
//
// A session's user may have logind set DISPLAY, and logind (of systemd 252 and of 257)
// writes it as it is: with line breaks in it, it is any number of keys. So a file that has
// a display tells nothing. Other values are escaped; one in quotes would be news.
func (s System) loginFile(buf []byte, id string) ([]byte, error) {
	if !isID(id) {
		return nil, unix.EINVAL
	}
	path := s.Logins + "/" + id
	content, err := readInto(buf, path) // it is some 400 bytes
	if len(content) == len(buf) {
		content, err = os.ReadFile(path)
	}
	if bytes.Contains(content, []byte("\nDISPLAY=")) || bytes.Contains(content, []byte(`="`)) {
		return nil, errUnsure
	}
	return content, err
}

// loginValue is the first value of a key. A file begins with a comment.
func loginValue(content []byte, key string) string {
	return string(line(content, "\n"+key+"="))
}

// parseLogin reads what sd_session_get_uid(3) and its like do. It is not ok without a uid.
func parseLogin(id string, content []byte) (one Session, ok bool) {
	value := func(key string) string { return loginValue(content, key) }
	uid, err := strconv.ParseUint(value("UID"), 10, 32)
	one = Session{
		ID: id, User: value("USER"), UID: uint32(uid), Class: value("CLASS"), Type: value("TYPE"), Seat: value("SEAT"),
		Terminal: strings.TrimPrefix(value("TTY"), "/dev/"), Host: value("REMOTE_HOST"),
	}
	if since, err := strconv.ParseInt(value("REALTIME"), 10, 64); err == nil {
		one.Since = time.UnixMicro(since)
	}
	return one, err == nil
}

// HidesProcesses reports whether /proc hides other people's processes.
func (s System) HidesProcesses() bool {
	_, err := readSmall(s.Proc + "/1/stat")
	return err != nil
}

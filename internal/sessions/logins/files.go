package logins

import (
	"errors"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"msg/internal/sessions"
)

// Read returns the sessions that logind's files tell of, and the ids of those that logind
// itself must be asked about. A terminal that logind has from utmp is not in the files. Read
// asks no bus, as sd_get_sessions(3) asks none. It fails if there are no such files.
func Read(on sessions.System) (found []sessions.Session, unsure []string, err error) {
	files, err := os.ReadDir(on.Logins)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		id := file.Name()
		content, err := on.LoginFile(id)
		if errors.Is(err, fs.ErrNotExist) {
			continue // no session's (c2.ref, a pipe; .#c2, still being written), or it has ended meanwhile
		}
		one, ok := parse(id, content)
		switch {
		case err != nil || !ok:
			unsure = append(unsure, id)
		case content.Value("STATE") != "closing": // logged out, with processes left behind
			found = append(found, one)
		}
	}
	return found, unsure, nil
}

// parse reads what sd_session_get_uid(3) and its like do. It is not ok without a uid.
func parse(id string, file sessions.LoginFile) (one sessions.Session, ok bool) {
	uid, err := strconv.ParseUint(file.Value("UID"), 10, 32)
	one = sessions.Session{
		ID: id, User: file.Value("USER"), UID: uint32(uid),
		Class: file.Value("CLASS"), Type: file.Value("TYPE"), Seat: file.Value("SEAT"),
		Terminal: strings.TrimPrefix(file.Value("TTY"), "/dev/"), Host: file.Value("REMOTE_HOST"),
	}
	if since, err := strconv.ParseInt(file.Value("REALTIME"), 10, 64); err == nil {
		one.Since = time.UnixMicro(since)
	}
	return one, err == nil
}

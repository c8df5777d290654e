package sessions

import (
	"bytes"
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

var errUnsure = errors.New("the file of a session may hold what its user wrote")

// LoginFile reads the file of a session, if it tells what logind would.
//
// A session's user may have logind set DISPLAY, and logind (of systemd 252 and of 257)
// writes it as it is: with line breaks in it, it is any number of keys. So a file that has
// a display tells nothing. Other values are escaped; one in quotes would be news.
func (s System) LoginFile(session string) (LoginFile, error) {
	if !isID(session) {
		return nil, unix.ENOENT
	}
	path := s.Logins + "/" + session
	content, err := readSmall(path) // it is some 400 bytes
	if len(content) == smallSize {
		content, err = os.ReadFile(path)
	}
	if bytes.Contains(content, []byte("\nDISPLAY=")) || bytes.Contains(content, []byte(`="`)) {
		return nil, errUnsure
	}
	return content, err
}

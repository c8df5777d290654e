package sessions

import "bytes"

// LoginFile is what logind's file of a session says. A file begins with a comment.
type LoginFile []byte

// Value returns the first value of a key, "" if there is none.
func (f LoginFile) Value(key string) string { return string(line(f, "\n"+key+"=")) }

// CameFrom returns the host that a session's user has come from, as sshd has told logind; ""
// for none, and if it is not known.
func (s System) CameFrom(session string) string {
	file, err := s.LoginFile(session)
	if err != nil {
		return ""
	}
	return file.Value("REMOTE_HOST")
}

// line returns what is behind a key, up to the end of the line.
func line(data []byte, key string) []byte {
	_, rest, _ := bytes.Cut(data, []byte(key))
	value, _, _ := bytes.Cut(rest, []byte("\n"))
	return value
}

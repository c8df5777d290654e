package sessions

import (
	"os"
	"strings"
)

// CameFrom is the host that a session's user has come from, as sshd has told logind;
// "" for none, and where it is not known. It reads what sd_session_get_remote_host(3)
// does, which asks no bus.
func (s System) CameFrom(session string) string {
	if !isID(session) {
		return ""
	}
	content, err := os.ReadFile(s.Logins + "/" + session)
	if err != nil {
		return ""
	}
	for line := range strings.SplitSeq(string(content), "\n") {
		if host, ok := strings.CutPrefix(line, "REMOTE_HOST="); ok {
			return host
		}
	}
	return ""
}

package doctor

import (
	"os/user"
	"strconv"
	"strings"
)

// Permissions, as stat(2) has them.
const (
	setUID     = 0o4000
	setGID     = 0o2000
	sticky     = 0o1000
	permission = 0o7777
)

// file is what stat(2) tells of a file.
type file struct {
	path     string
	mode     uint32 // permissions and set-id bits
	regular  bool
	socket   bool
	uid, gid uint32
	full     string // why a directory takes no new file; "" if no reason is known
	err      error
}

// quoted returns the path as a shell takes it.
func quoted(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

// userName returns a user's name; the number if it has none.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

// groupName returns a group's name; the number if it has none.
func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

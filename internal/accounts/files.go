package accounts

import (
	"bytes"
	"os"
	"strconv"
	"strings"
)

const passwdFile = "/etc/passwd"

// groupFile has the groups; tests have their own.
var groupFile = "/etc/group"

// readFile returns what a file holds: nothing if it cannot be read, for there is still getent.
func readFile(name string) []byte {
	data, _ := os.ReadFile(name)
	return data
}

// eachUser hands over the accounts in lines of passwd(5), in order, until more returns false.
func eachUser(lines []byte, more func(User) bool) {
	eachLine(lines, func(line []byte) bool {
		u, ok := userOf(line)
		return !ok || more(u)
	})
}

// userOf reads a line of passwd(5). It allocates the name alone: there may be thousands.
func userOf(line []byte) (User, bool) {
	name, rest, _ := bytes.Cut(line, []byte{':'})
	_, rest, _ = bytes.Cut(rest, []byte{':'}) // the password
	uid, rest, _ := bytes.Cut(rest, []byte{':'})
	gid, _, found := bytes.Cut(rest, []byte{':'})
	u, uidOK := number(uid)
	g, gidOK := number(gid)
	// Lines with + and - are for NIS (nsswitch.conf(5)).
	if !found || !uidOK || !gidOK || len(name) == 0 || name[0] == '+' || name[0] == '-' {
		return User{}, false
	}
	return User{Name: string(name), UID: u, GID: g}, true
}

func number(digits []byte) (uint32, bool) {
	v, err := strconv.ParseUint(string(digits), 10, 32)
	return uint32(v), err == nil
}

// inGroupFile returns the four fields of the first group that has that field, or nil.
func inGroupFile(field int, is string) (found []string) {
	eachGroup(func(fields []string) bool {
		if fields[field] == is {
			found = fields
		}
		return found == nil
	})
	return found
}

// GroupNames returns the groups in /etc/group. Directory services may have thousands more.
func GroupNames() []string {
	var names []string
	eachGroup(func(fields []string) bool {
		names = append(names, fields[0])
		return true
	})
	return names
}

func eachGroup(more func(fields []string) bool) {
	eachLine(readFile(groupFile), func(line []byte) bool {
		fields := strings.Split(string(line), ":")
		return len(fields) != 4 || more(fields)
	})
}

// eachLine hands over lines until more returns false.
func eachLine(lines []byte, more func(line []byte) bool) {
	for len(lines) > 0 {
		var line []byte
		line, lines, _ = bytes.Cut(lines, []byte{'\n'})
		if !more(bytes.TrimSuffix(line, []byte{'\r'})) {
			return
		}
	}
}

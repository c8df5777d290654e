package accounts

import (
	"bufio"
	"os"
	"strings"
)

const groupFile = "/etc/group"

// inGroupFile returns the four fields of a group's line in group(5), the first one that has
// a field as it is asked for; nil where there is none. os/user knows groups, but not their
// members.
func inGroupFile(field int, is string) []string {
	f, err := os.Open(groupFile)
	if err != nil {
		return nil // there is still getent
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20) // a group may have many members
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); len(fields) == 4 && fields[field] == is {
			return fields
		}
	}
	return nil
}

// GroupNames are the names of the groups in /etc/group. The directory services are not
// asked for theirs: they may have many thousands.
func GroupNames() []string {
	f, err := os.Open(groupFile)
	if err != nil {
		return nil
	}
	defer f.Close()
	var names []string
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); len(fields) == 4 {
			names = append(names, fields[0])
		}
	}
	return names
}

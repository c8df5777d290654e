package accounts

import (
	"bufio"
	"os"
	"strings"
)

const groupFile = "/etc/group"

// inGroupFile returns the four fields of a group's line in group(5), the first one that has
// a field as it is asked for; nil where there is none.
func inGroupFile(field int, is string) (found []string) {
	eachGroup(func(fields []string) bool {
		if fields[field] == is {
			found = fields
		}
		return found == nil
	})
	return found
}

// GroupNames are the names of the groups in /etc/group. The directory services are not
// asked for theirs: they may have many thousands.
func GroupNames() []string {
	var names []string
	eachGroup(func(fields []string) bool {
		names = append(names, fields[0])
		return true
	})
	return names
}

// eachGroup goes through the file until it is told that this was enough. os/user knows
// groups, but not their members. A file that cannot be read has none: there is still getent.
func eachGroup(more func(fields []string) bool) {
	f, err := os.Open(groupFile)
	if err != nil {
		return
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20) // a group may have many members
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); len(fields) == 4 && !more(fields) {
			return
		}
	}
}

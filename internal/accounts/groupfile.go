package accounts

import (
	"bufio"
	"context"
	"os"
	"strings"
)

const groupFile = "/etc/group"

// groupFields returns the four fields of a group's line in group(5). os/user
// knows groups, but not their members.
func (d *Directory) groupFields(ctx context.Context, name string) ([]string, error) {
	f, err := os.Open(groupFile)
	if err != nil {
		return d.askName(ctx, "group", name)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 16<<20) // a group may have many members
	for lines.Scan() {
		if fields := strings.Split(lines.Text(), ":"); len(fields) == 4 && fields[0] == name {
			return fields, nil
		}
	}
	return d.askName(ctx, "group", name)
}

//go:build linux

package island

import (
	"fmt"
	"os"
	"strings"
)

// firstUID is that of the first of the people: far from those of the real machine.
const firstUID = 20000

// Person is an account of the island.
type Person struct {
	Name string
	UID  int // the gid is the same
}

// People adds accounts, p0 to p(n-1), to /etc/passwd. It is called once.
func People(n int) ([]Person, error) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("p", i)
	}
	return add(firstUID, names)
}

// Named adds accounts of those names, after People's. It is called once.
func Named(names ...string) ([]Person, error) { return add(2*firstUID, names) }

func add(first int, names []string) ([]Person, error) {
	people := make([]Person, len(names))
	var passwd, group strings.Builder
	for i, name := range names {
		p := Person{name, first + i}
		people[i] = p
		fmt.Fprintf(&passwd, "%s:x:%d:%d::/nonexistent:/bin/sh\n", p.Name, p.UID, p.UID)
		fmt.Fprintf(&group, "%s:x:%d:\n", p.Name, p.UID)
	}
	if err := addTo("/etc/passwd", passwd.String()); err != nil {
		return nil, err
	}
	return people, addTo("/etc/group", group.String())
}

func addTo(file, lines string) error {
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return err
	}
	if _, err := f.WriteString(lines); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

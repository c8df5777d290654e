// Package addressbook knows what the configuration gives a name to (msg.conf(5)): targets, in
// [aliases], and lists of hosts, in [domains]; those of the system, in /etc/msg/msg.toml,
// and the user's own.
//
// A domain's hosts are written there, or a command prints them. It runs with the rights of
// who asks; so a file that somebody else could have written is refused, or to root left out,
// and no privileged program has this package. Whether there are such people and hosts is not asked.
package addressbook

import (
	"cmp"
	"slices"

	"msg/internal/target"
)

// Entry is a name as a file has it.
type Entry struct {
	Name string
	File string
	Line int

	// Targets are whom an alias stands for; of a domain, there are none.
	Targets []target.Target

	// Hosts is a domain's list of hosts, Command what prints one.
	Hosts, Command string

	// Hidden tells that the user's file has another one of that name, which holds.
	Hidden bool
}

// IsAlias tells an alias from a domain.
func (e Entry) IsAlias() bool { return len(e.Targets) > 0 }

// Book is the names that one user has. It is for one goroutine at a time.
type Book struct {
	Paths []string // of the files where names are looked for

	all     []Entry
	aliases map[string]Entry // those that hold
	domains map[string]Entry
	hosts   map[string][]string // of domains that were asked for
	busy    map[string]bool     // those whose hosts are being found
}

// All are the names that each file has, the aliases first, by name; of the same one, the one
// that holds first.
func (b *Book) All() []Entry {
	all := slices.Clone(b.all) // in the order of the files
	slices.SortStableFunc(all, func(a, b Entry) int {
		if a.IsAlias() != b.IsAlias() {
			return map[bool]int{true: -1, false: 1}[a.IsAlias()]
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return all
}

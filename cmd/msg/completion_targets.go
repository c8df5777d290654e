package main

import (
	"slices"
	"strings"
)

// targets finds how a list of targets can go on: its last one, or the hosts of that.
func (n *known) targets(list string) offer {
	before, last := cutLast(list, ",")
	if at := strings.IndexByte(last, '@'); at > 0 {
		return n.hosts(last[at+1:])
	}
	o := offer{tail: last}
	switch kind, rest, _ := strings.Cut(last, ":"); {
	case strings.HasPrefix(last, "%"):
		o.names = n.groups("%")
	case last == kind: // no colon
		o.names = n.bare(last, before == "")
	case kind == "user":
		o.tail, o.names = rest, n.people()
	case kind == "group":
		o.tail, o.names = rest, n.groups("")
	case kind == "tty":
		o.tail, o.names = rest, n.terminalNames("")
	}
	o.names = unlisted(o.names, before)
	return o
}

// bare are the names that mean somebody without a prefix: aliases, who is logged in, everyone,
// and terminals where one is begun.
func (n *known) bare(begun string, first bool) []name {
	all := append(n.aliases(), n.people()...)
	if first && begun == "" { // behind a comma, it makes no sense
		all = append(all, name{everyone, "everyone"})
	}
	const enough = len("pts") // else each p would offer terminals beside people
	if path, ok := strings.CutPrefix(begun, "/dev/"); ok || len(path) >= enough {
		all = append(all, n.terminalNames(begun[:len(begun)-len(path)])...)
	}
	return all
}

func (n *known) terminalNames(prefix string) []name {
	var all []name
	for _, t := range n.terminals() {
		all = append(all, name{prefix + t.Name, t.User})
	}
	return all
}

// hosts finds how a list of hosts can go on: a host, with a user in front or without, or a
// domain.
func (n *known) hosts(list string) offer {
	before, last := cutLast(list, ",!&^ ")
	at := strings.LastIndexByte(last, '@')
	o := offer{tail: last[at+1:]}
	switch {
	case at > 0:
		o.names = n.sshHosts()
	case at == 0:
		o.tail, o.names = last, n.domains("@")
	default:
		o.names = append(n.sshHosts(), n.domains("@")...)
	}
	o.names = unlisted(o.names, before)
	return o
}

// unlisted leaves out what a list has already.
func unlisted(all []name, list string) []name {
	listed := strings.Split(list, ",")
	return slices.DeleteFunc(all, func(n name) bool { return slices.Contains(listed, n.word) })
}

// cutLast cuts a list in front of its last element: behind the last separator that is in no
// bracket.
func cutLast(list, separators string) (before, last string) {
	start, depth := 0, 0
	for i := range len(list) {
		switch c := list[i]; {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && strings.IndexByte(separators, c) >= 0:
			start = i + 1
		}
	}
	return list[:start], list[start:]
}

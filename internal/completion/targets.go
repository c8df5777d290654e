package completion

import (
	"context"
	"slices"
	"strings"
)

// targets finds how a list of targets can go on: its last target, or that target's hosts.
func (f *finder) targets(ctx context.Context, list string) offer {
	before, last := cutLast(list, ",")
	if at := strings.IndexByte(last, '@'); at > 0 {
		return f.hosts(last[at+1:])
	}
	o := offer{tail: last}
	switch kind, rest, _ := strings.Cut(last, ":"); {
	case strings.HasPrefix(last, "%"):
		o.names = f.groups("%")
	case last == kind: // no colon
		o.names = f.bare(ctx, last, before == "")
	case kind == "user":
		o.tail, o.names = rest, f.people(ctx)
	case kind == "group":
		o.tail, o.names = rest, f.groups("")
	case kind == "tty":
		o.tail, o.names = rest, f.terminalNames(ctx, "")
	}
	o.names = unlisted(o.names, before)
	return o
}

// bare returns the names that are targets without a prefix: aliases, users that are logged in,
// everyone, and terminals if the user has begun to type one.
func (f *finder) bare(ctx context.Context, begun string, first bool) []name {
	all := append(f.aliases(), f.people(ctx)...)
	if first && begun == "" { // after a comma, everyone makes no sense
		all = append(all, name{everyone, "everyone"})
	}
	const enough = len("pts") // after a p alone, terminals would crowd out people
	if path, ok := strings.CutPrefix(begun, "/dev/"); ok || len(path) >= enough {
		all = append(all, f.terminalNames(ctx, begun[:len(begun)-len(path)])...)
	}
	return all
}

func (f *finder) terminalNames(ctx context.Context, prefix string) []name {
	var all []name
	for _, t := range f.terminals(ctx) {
		all = append(all, name{prefix + t.Name, t.User})
	}
	return all
}

// hosts finds how a list of hosts can go on: a host, with or without USER@ before it, or a
// domain.
func (f *finder) hosts(list string) offer {
	before, last := cutLast(list, ",!&^ ")
	at := strings.LastIndexByte(last, '@')
	o := offer{tail: last[at+1:]}
	switch {
	case at > 0:
		o.names = plain(f.Hosts())
	case at == 0:
		o.tail, o.names = last, f.domains("@")
	default:
		o.names = append(plain(f.Hosts()), f.domains("@")...)
	}
	o.names = unlisted(o.names, before)
	return o
}

// unlisted drops the names that a list already has.
func unlisted(all []name, list string) []name {
	listed := strings.Split(list, ",")
	return slices.DeleteFunc(all, func(n name) bool { return slices.Contains(listed, n.word) })
}

// cutLast cuts a list before its last element: after the last separator outside brackets.
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

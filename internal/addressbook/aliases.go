package addressbook

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"msg/internal/config"
	"msg/internal/target"
)

// Aliases are the names of all, in order.
func (b *Book) Aliases() []string { return slices.Sorted(maps.Keys(b.aliases)) }

// What aliases of aliases come to at most: targets, and how far one may lead through others.
const (
	mostTargets = 10_000
	mostWithin  = 100
)

// Expand puts what aliases stand for in the place of the bare words among targets, each
// target once. An alias that has its own name among its targets means the user (or the
// session) of that name there. What has no host of its own is on the alias's.
func (b *Book) Expand(targets []target.Target) ([]target.Target, error) {
	e := expansion{book: b, done: map[string]bool{}}
	for _, t := range targets {
		if err := e.add(t, nil); err != nil {
			return nil, err
		}
	}
	return e.out, nil
}

type expansion struct {
	book *Book
	out  []target.Target
	done map[string]bool // what was added or begun
}

// add adds what a target comes to within the aliases that have led to it.
func (e *expansion) add(t target.Target, within []string) error {
	alias, ok := e.book.aliases[t.Name]
	ok = ok && t.Kind == target.Word
	if ok && slices.Contains(within, t.Name) && within[len(within)-1] != t.Name {
		return fmt.Errorf("the alias %q leads back to itself, by %s", t.Name, strings.Join(within, ", "))
	}
	isAlias := ok && !slices.Contains(within, t.Name)
	if key := fmt.Sprint(isAlias, t); e.done[key] {
		return nil
	} else if e.done[key] = true; len(e.done) > mostTargets {
		return fmt.Errorf("the aliases come to more than %d targets", mostTargets)
	}
	switch {
	case !isAlias:
		e.out = append(e.out, t)
		return nil
	case len(within) == mostWithin:
		return fmt.Errorf("the alias %q leads through more than %d others", within[0], mostWithin)
	}
	within = append(slices.Clone(within), t.Name)
	for _, one := range alias.Targets {
		if one.Hosts == "" {
			one.Hosts = t.Hosts
		}
		if err := e.add(one, within); err != nil {
			return err
		}
	}
	return nil
}

// newAlias reads an alias as the configuration has it: a list of targets, or several.
func newAlias(name string, s config.Setting) (Entry, error) {
	if !IsAlias(name) {
		return Entry{}, fmt.Errorf("%q can't be an alias: it is no bare word that could name a user", name)
	}
	lists, isList := s.Value.([]string)
	if one, isString := s.Value.(string); isString {
		lists = []string{one}
	} else if !isList || len(lists) == 0 {
		return Entry{}, fmt.Errorf("%s must be a string or a list of strings, such as \"bob\" or [\"bob\", \"%%ops\"]", s.Key)
	}
	e := Entry{Name: name, Line: s.Line}
	for _, list := range lists {
		targets, err := target.Parse(list)
		if err != nil {
			return e, fmt.Errorf("%s: %w", s.Key, err)
		}
		e.Targets = append(e.Targets, targets...)
	}
	if slices.ContainsFunc(e.Targets, func(t target.Target) bool { return t.Kind == target.File }) {
		return e, fmt.Errorf("%s: an alias can't name a file", s.Key)
	}
	return e, nil
}

// IsAlias reports whether an alias can have that name: where targets are named, it is a bare
// word.
func IsAlias(s string) bool {
	targets, err := target.Parse(s)
	return err == nil && len(targets) == 1 && targets[0] == target.Target{Kind: target.Word, Name: s}
}

// Package target is the grammar of what a sender names: targets, and the hosts behind them.
//
//	TARGETS  = TARGET { "," TARGET }
//	TARGET   = SELECTOR [ "@" HOSTS ]
//	SELECTOR = "*" | user | "%" group | terminal | session id | "@" file
//	HOSTS    = host, with ranges: web[01-40,52]; package hostlist has all of it
//
// A comma outside brackets ends a target: bob@web[1,2] is bob on two hosts, bob@web1,db1 is bob
// on web1, and db1 here. The hosts begin at the first "@", so that they may have one, too:
// bob@root@web1, bob@@lab. A file's name may have one; there the hosts begin at the last.
//
// It is pure: it does not ask who exists, opens no file and resolves no host. Parse checks the
// characters of hosts; package hostlist, which no privileged program needs, does the rest.
package target

import (
	"errors"
	"fmt"
	"strings"
)

// Kind is what a target's name means.
type Kind int

// The kinds of names.
const (
	Word     Kind = iota // a bare word: a user, else a session id
	User                 // one user
	Group                // the members of a group
	Terminal             // a terminal, by its name below /dev, such as pts/3
	Session              // a session, by logind's id
	Everyone             // "*", without a name
	File                 // a file that holds targets
)

// Target is one thing a sender named.
type Target struct {
	Kind  Kind
	Name  string
	Hosts string // as written, "" for this host
}

// ErrEmpty is returned for a list with nothing in it, or with nothing between two commas.
var ErrEmpty = errors.New("empty target")

// maxName limits a name, in bytes. Linux allows 32 for a user, directory services more.
const maxName = 256

// Parse reads a list of targets as given on the command line.
func Parse(list string) ([]Target, error) {
	words, err := split(list, ",")
	if err != nil {
		return nil, err
	}
	var targets []Target
	for _, word := range words {
		t, err := parseOne(word)
		if err != nil {
			return nil, fmt.Errorf("%w in %q", err, list)
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// split cuts a list at the separators outside brackets.
func split(list, separators string) ([]string, error) {
	var words []string
	depth, start := 0, 0
	for i := range len(list) {
		switch c := list[i]; {
		case c == '[':
			depth++
		case c == ']':
			depth--
		case depth == 0 && strings.IndexByte(separators, c) >= 0:
			words = append(words, list[start:i])
			start = i + 1
		}
		if depth < 0 || depth > 1 {
			break
		}
	}
	if depth != 0 {
		return nil, fmt.Errorf("unbalanced bracket in %q", list)
	}
	return append(words, list[start:]), nil
}

func parseOne(word string) (Target, error) {
	at := hostsAt(word)
	if at <= 0 {
		return parseSelector(word)
	}
	hosts := word[at+1:]
	if err := checkHosts(hosts); err != nil {
		return Target{}, err
	}
	t, err := parseSelector(word[:at])
	t.Hosts = hosts
	return t, err
}

// hostsAt returns the place of the "@" before the hosts, or 0 or less if there is none.
func hostsAt(word string) int {
	if word == "" || word[0] != '@' {
		return strings.IndexByte(word, '@')
	}
	at := strings.LastIndexByte(word, '@')
	if at > 1 && word[at-1] == '@' { // @people@@lab
		at--
	}
	return at
}

// prefixes say which kind is meant if a name alone could be several.
var prefixes = []struct {
	prefix string
	kind   Kind
}{
	{"user:", User},
	{"group:", Group},
	{"tty:", Terminal},
	{"session:", Session},
	{"%", Group},
	{"@", File},
}

func parseSelector(s string) (Target, error) {
	if s == "*" {
		return Target{Kind: Everyone}, nil
	}
	t := Target{Kind: Word, Name: s}
	for _, p := range prefixes {
		if name, ok := strings.CutPrefix(s, p.prefix); ok {
			t = Target{Kind: p.kind, Name: name}
			break
		}
	}
	name := strings.TrimPrefix(t.Name, "/dev/")
	if t.Kind == Word && isTerminal(name) {
		t.Kind = Terminal
	}
	if t.Kind == Terminal {
		t.Name = name
	}
	return t, t.check()
}

func (t Target) check() error {
	switch {
	case t.Name == "":
		return ErrEmpty
	case len(t.Name) > maxName:
		return fmt.Errorf("name of %d bytes, more than %d,", len(t.Name), maxName)
	case t.Kind == Terminal && !isTerminal(t.Name):
		return fmt.Errorf("%q is no terminal's name", t.Name)
	case t.Kind == Session && !isSessionID(t.Name):
		return fmt.Errorf("%q is no session id", t.Name)
	case t.Kind == File && strings.Contains(t.Name, "\x00"):
		return fmt.Errorf("%q is no file name", t.Name)
	case t.Kind != File && t.Kind != Terminal && !isName(t.Name, t.Kind == User || t.Kind == Group):
		return fmt.Errorf("%q is no name of a user, group, terminal or session", t.Name)
	}
	return nil
}

// isTerminal reports whether Linux gives a terminal such a name: pts/3, tty1, ttyS0, hvc0.
func isTerminal(s string) bool {
	kind := strings.TrimRight(s, digits)
	number := s[len(kind):]
	switch driver, isTTY := strings.CutPrefix(kind, "tty"); {
	case kind == "pts/":
		return 0 < len(number) && len(number) <= 7
	case kind == "hvc", isTTY && len(driver) <= 8 && strings.Trim(driver, letters) == "":
		return 0 < len(number) && len(number) <= 4
	}
	return false
}

func isSessionID(s string) bool {
	return 0 < len(s) && len(s) <= 32 && strings.Trim(s, digits+letters) == ""
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// isHosts reports whether s has the characters of a host's name, with a user and ranges or
// without: root@rack[1-2]n[1-4].lab; or of the name of a group of hosts: @lab, @./hosts.txt.
func isHosts(s string) bool {
	if group, ok := strings.CutPrefix(s, "@"); ok {
		return group != "" && !strings.ContainsFunc(group, func(r rune) bool {
			return r <= ' ' || r == 0x7f || r == 0xfffd || r == '[' || r == ']'
		})
	}
	for i, part := range strings.Split(s, "[") {
		if i > 0 {
			ranges, rest, closed := strings.Cut(part, "]")
			if !closed || ranges == "" || strings.Trim(ranges, digits+",/-") != "" {
				return false
			}
			part = rest
		}
		if strings.Trim(part, digits+letters+"_.:-@") != "" {
			return false
		}
	}
	return s != "" && s[0] != '-' && !strings.Contains(s, "@-")
}

// isName refuses what no account has, and what a program would take for something else. Names
// of directory services may have blanks within; they need a prefix: group:domain users.
func isName(s string, blanks bool) bool {
	if s[0] == '-' || strings.TrimSpace(s) != s {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r == ' ' && !blanks || r == 0x7f || r == 0xfffd || strings.ContainsRune(`:/*%,@[]"'`, r)
	})
}

func checkHosts(hosts string) error {
	words, err := split(hosts, ",!&^") // package hostlist says how these join patterns
	if err != nil {
		return err
	}
	for _, word := range words {
		switch {
		case word == "":
			return errors.New("empty host")
		case !isHosts(word):
			return fmt.Errorf("%q is no host name or range of them", word)
		}
	}
	return nil
}

// written is what String puts before a name of each kind.
var written = [...]string{Everyone: "*", Group: "%", File: "@", User: "user:", Session: "session:"}

// String writes the target as a sender may have typed it.
func (t Target) String() string {
	s := written[t.Kind] + t.Name
	if t.Hosts != "" {
		s += "@" + t.Hosts
	}
	return s
}

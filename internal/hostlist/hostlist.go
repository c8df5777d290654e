// Package hostlist expands and folds lists of hosts: web[01-40] to web01 ... web40, and
// back. The grammar is that of ClusterShell's nodeset.
//
// It is pure: it opens no file and resolves no host. What is no list in the grammar is an
// error, never a host of that name. The number of hosts is bounded before any is made.
package hostlist

import (
	"errors"
	"fmt"
)

// MaxHosts is how many hosts a list may come to.
const MaxHosts = 100_000

// maxNamed bounds the hosts that a list names before any is taken away, each as
// often as it is named. What a list costs grows with them.
const maxNamed = 10 * MaxHosts

// operators join two patterns: union, difference, intersection, and what is in one
// of them alone. White space joins what stands between it by union.
const operators = ",!&^"

// blanks are what white space is; anything else that looks like it is no host.
const blanks = " \t\n\r\v\f"

// Expand expands a list of hosts as ClusterShell's nodeset does, in the order
// written and each host once:
//
//	LIST    = EXPR { blank EXPR }
//	EXPR    = PATTERN { ( "," | "!" | "&" | "^" ) PATTERN }, from left to right
//	PATTERN = [ user "@" ] NAME | "@" group
//	NAME    = text with any number of ranges: rack[1-2]n[01-04,9].lab
//
// group says which hosts a group's name stands for; nil knows none, and its errors
// are returned as they are. What is not a list in this grammar is an error and never
// a host by that name, and so is one that no host is left of.
func Expand(list string, group func(name string) ([]string, error)) ([]string, error) {
	terms, err := termsOf(list)
	if err != nil {
		return nil, err
	}
	x := expansion{group: group}
	all, expr := newHostSet(), newHostSet()
	for _, t := range terms {
		if t.operator == ' ' {
			all.join(',', expr.list())
			expr = newHostSet()
		}
		hosts, err := x.expand(t.pattern)
		if err != nil {
			return nil, err
		}
		expr.join(t.operator, hosts)
		if expr.len() > MaxHosts || all.len() > MaxHosts {
			return nil, tooMany(list)
		}
	}
	all.join(',', expr.list())
	switch {
	case all.len() > MaxHosts:
		return nil, tooMany(list)
	case all.len() == 0:
		return nil, fmt.Errorf("no host is left in %s", quote(list))
	}
	return all.list(), nil
}

// term is a pattern, and what joins it to what stands before; the blank begins an
// expression.
type term struct {
	operator byte
	pattern  string
}

func termsOf(list string) ([]term, error) {
	var terms []term
	operator := byte(' ')
	for i := 0; i < len(list); {
		switch c := list[i]; {
		case isOneOf(c, blanks):
			i++
		case isOneOf(c, operators):
			if len(terms) == 0 || operator != ' ' {
				return nil, fmt.Errorf("no host before %q in %q", string(c), list[max(0, i+1-maxQuoted):i+1])
			}
			operator = c
			i++
		default:
			n := patternLen(list[i:])
			terms = append(terms, term{operator, list[i : i+n]})
			operator = ' '
			i += n
		}
	}
	switch {
	case operator != ' ':
		return nil, fmt.Errorf("no host behind %q in %q", string(operator), list[max(0, len(list)-maxQuoted):])
	case len(terms) == 0:
		return nil, errors.New("empty list of hosts")
	}
	return terms, nil
}

// patternLen is where the pattern ends that s begins with: at white space, or at an
// operator that is in no bracket.
func patternLen(s string) int {
	depth := 0
	for i := range len(s) {
		switch c := s[i]; {
		case isOneOf(c, blanks), depth <= 0 && isOneOf(c, operators):
			return i
		case c == '[':
			depth++
		case c == ']':
			depth--
		}
	}
	return len(s)
}

func isOneOf(c byte, set string) bool {
	for i := range len(set) {
		if set[i] == c {
			return true
		}
	}
	return false
}

func tooMany(what string) error {
	return fmt.Errorf("more than %d hosts in %s", MaxHosts, quote(what))
}

const (
	digits  = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// maxQuoted is how much of a list an error repeats, in bytes.
const maxQuoted = 80

func quote(s string) string {
	if len(s) > maxQuoted {
		return fmt.Sprintf("%q...", s[:maxQuoted])
	}
	return fmt.Sprintf("%q", s)
}

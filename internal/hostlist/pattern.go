package hostlist

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxHost is the longest name of a host in bytes, as DNS has it, and of the user
// there.
const maxHost = 253

const hostCharacters = digits + letters + "_.:-"

// expansion is one list on its way to its hosts.
type expansion struct {
	group func(name string) ([]string, error)
	named int
}

// expand returns the hosts of one pattern, and counts them before it makes them.
func (x *expansion) expand(word string) ([]string, error) {
	if name, ok := strings.CutPrefix(word, "@"); ok {
		return x.expandGroup(name)
	}
	p, err := parsePattern(word)
	if err != nil {
		return nil, err
	}
	n := p.count()
	if err := x.charge(n, word); err != nil {
		return nil, err
	}
	return p.expand(n), nil
}

func (x *expansion) expandGroup(name string) ([]string, error) {
	if !isGroupName(name) {
		return nil, fmt.Errorf("%s is no name of a group of hosts", quote("@"+name))
	}
	if x.group == nil {
		return nil, fmt.Errorf("no group of hosts %s", quote("@"+name))
	}
	hosts, err := x.group(name)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		if p, err := parsePattern(host); err != nil || len(p.ranges) > 0 {
			return nil, fmt.Errorf("%s of the group %s is no host", quote(host), quote("@"+name))
		}
	}
	return hosts, x.charge(len(hosts), "@"+name)
}

func (x *expansion) charge(n int, word string) error {
	if x.named += n; n > MaxHosts || x.named > maxNamed {
		return tooMany(word)
	}
	return nil
}

// isGroupName takes what a file may be called, too; operators and blanks end it.
func isGroupName(s string) bool {
	return s != "" && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return !unicode.IsPrint(r) || strings.ContainsRune("[]"+operators+blanks, r)
	})
}

// pattern is hosts by ranges: texts with a bracket's ranges between each two.
type pattern struct {
	texts  []string
	ranges [][]span
}

// parsePattern reads a host's name with its ranges, and the user's before it.
func parsePattern(word string) (pattern, error) {
	name := word
	if user, host, ok := strings.Cut(word, "@"); ok {
		if user == "" || user[0] == '-' || len(user) > maxHost || strings.Trim(user, digits+letters+"_.-") != "" {
			return pattern{}, fmt.Errorf("%s is no user's name on a host, in %s", quote(user), quote(word))
		}
		name = host
	}
	p, err := parseName(name)
	if err != nil {
		return p, fmt.Errorf("%w in %s", err, quote(word))
	}
	if name == "" || name[0] == '-' || strings.Trim(strings.Join(p.texts, ""), hostCharacters) != "" {
		return p, fmt.Errorf("%s is no host name", quote(word))
	}
	if p.longest() > maxHost {
		return p, fmt.Errorf("%s is longer than %d bytes", quote(word), maxHost)
	}
	p.texts[0] = word[:len(word)-len(name)] + p.texts[0]
	return p, nil
}

// parseName cuts a name at its brackets. Two with nothing or digits alone between them
// are an error, as with ClusterShell: the numbers would run into one.
func parseName(name string) (p pattern, err error) {
	rest := name
	for {
		i := strings.IndexAny(rest, "[]")
		if i < 0 {
			p.texts = append(p.texts, rest)
			return p, nil
		}
		list, after, closed := strings.Cut(rest[i+1:], "]")
		switch {
		case rest[i] == ']' || !closed:
			return p, errors.New("unbalanced bracket")
		case strings.Contains(list, "["):
			return p, errors.New("bracket within a bracket")
		case len(p.texts) > 0 && digitsAt(rest) == i:
			return p, errors.New("two brackets without a text between them")
		}
		spans, err := parseSpans(list)
		if err != nil {
			return p, err
		}
		p.texts = append(p.texts, rest[:i])
		p.ranges = append(p.ranges, spans)
		rest = after
	}
}

// longest is the length of the longest name.
func (p pattern) longest() int {
	n := 0
	for _, text := range p.texts {
		n += len(text)
	}
	for _, spans := range p.ranges {
		most := 0
		for _, s := range spans {
			most = max(most, len(s.format(s.high)))
		}
		n += most
	}
	return n
}

// count is how many names there are, or more than MaxHosts.
func (p pattern) count() int {
	n := int64(1)
	for _, spans := range p.ranges {
		each := int64(0)
		for _, s := range spans {
			each += min(s.count(), MaxHosts+1)
		}
		n = min(n*min(each, MaxHosts+1), MaxHosts+1)
	}
	return int(n)
}

// expand makes the n names, those of the last range first.
func (p pattern) expand(n int) []string {
	hosts := make([]string, 0, n)
	var add func(name []byte, i int)
	add = func(name []byte, i int) {
		name = append(name, p.texts[i]...)
		if i == len(p.ranges) {
			hosts = append(hosts, string(name))
			return
		}
		for _, s := range p.ranges[i] {
			for n := s.low; n <= s.high; n += s.step {
				add(s.appendTo(name, n), i+1)
			}
		}
	}
	add(make([]byte, 0, maxHost), 0)
	return hosts
}

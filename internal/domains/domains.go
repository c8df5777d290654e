// Package domains knows the named lists of hosts in the configuration (msg.conf(5)):
// those of the system, in /etc/msg/msg.toml, and the user's own.
//
// A domain's hosts are written there, or a command prints them. It runs with the
// rights of who asks; so a file that somebody else could have written is refused, and
// no privileged program has this package. Whether there are such hosts is not asked.
package domains

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"msg/internal/target"
)

// Set is the domains of somebody. It is for one goroutine at a time.
type Set struct {
	Paths []string // of the files where domains are looked for

	domains map[string]domain
	hosts   map[string][]string // of those that were asked for
	busy    map[string]bool     // those whose hosts are being found
}

// domain has a list of hosts, or a command that prints one.
type domain struct {
	list, command string
}

// ErrUnknown is wrapped in the error for a domain that is not there.
var ErrUnknown = errors.New("no domain")

// Names are the names of all, in order.
func (s *Set) Names() []string { return slices.Sorted(maps.Keys(s.domains)) }

// Hosts are the hosts of a domain, those included of the domains that it names
// (@other). Each command runs once, however often its domain is asked for. An error
// names the domain.
func (s *Set) Hosts(ctx context.Context, name string) ([]string, error) {
	if hosts, ok := s.hosts[name]; ok {
		return hosts, nil
	}
	d, ok := s.domains[name]
	if !ok {
		return nil, s.unknown(name)
	}
	if s.busy[name] {
		return nil, fmt.Errorf("%q leads back to itself", "@"+name)
	}
	s.busy[name] = true
	defer delete(s.busy, name)
	hosts, err := s.expand(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("domain %q: %w", name, err)
	}
	s.hosts[name] = hosts
	return hosts, nil
}

func (s *Set) expand(ctx context.Context, d domain) ([]string, error) {
	list := d.list
	if d.command != "" {
		var err error
		if list, err = run(ctx, d.command); err != nil {
			return nil, err
		}
	}
	return target.Hosts(list, func(other string) ([]string, error) {
		if strings.ContainsRune(other, '/') {
			return nil, fmt.Errorf("a domain can't name a file, %q", "@"+other)
		}
		return s.Hosts(ctx, other)
	})
}

// mostNamed is how many domains an error lists.
const mostNamed = 8

func (s *Set) unknown(name string) error {
	names := s.Names()
	if len(names) == 0 {
		return fmt.Errorf("%w %q; none is defined in %s", ErrUnknown, name, strings.Join(s.Paths, " or "))
	}
	more := ""
	if len(names) > mostNamed {
		names, more = names[:mostNamed], ", ..."
	}
	return fmt.Errorf("%w %q; there is %s%s", ErrUnknown, name, strings.Join(names, ", "), more)
}

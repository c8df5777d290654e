package names

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"msg/internal/target"
)

// ErrUnknown is wrapped in the error for a domain that is not there.
var ErrUnknown = errors.New("no domain")

// Domains are the names of all, in order.
func (s *Set) Domains() []string { return slices.Sorted(maps.Keys(s.domains)) }

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

func (s *Set) expand(ctx context.Context, d Entry) ([]string, error) {
	list := d.Hosts
	if d.Command != "" {
		var err error
		if list, err = run(ctx, d.Command); err != nil {
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
	names := s.Domains()
	if len(names) == 0 {
		return fmt.Errorf("%w %q; none is defined in %s", ErrUnknown, name, strings.Join(s.Paths, " or "))
	}
	more := ""
	if len(names) > mostNamed {
		names, more = names[:mostNamed], ", ..."
	}
	return fmt.Errorf("%w %q; there is %s%s", ErrUnknown, name, strings.Join(names, ", "), more)
}

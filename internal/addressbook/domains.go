package addressbook

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"msg/internal/hostlist"
)

// ErrUnknown is wrapped in the error for a domain that is not there.
var ErrUnknown = errors.New("no domain")

// Domains are the names of all, in order.
func (b *Book) Domains() []string { return slices.Sorted(maps.Keys(b.domains)) }

// Hosts are the hosts of a domain, those included of the domains that it names
// (@other). Each command runs once, however often its domain is asked for. An error
// names the domain.
func (b *Book) Hosts(ctx context.Context, name string) ([]string, error) {
	if hosts, ok := b.hosts[name]; ok {
		return hosts, nil
	}
	d, ok := b.domains[name]
	if !ok {
		return nil, b.unknown(name)
	}
	if b.busy[name] {
		return nil, fmt.Errorf("%q leads back to itself", "@"+name)
	}
	b.busy[name] = true
	defer delete(b.busy, name)
	hosts, err := b.expand(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("domain %q: %w", name, err)
	}
	b.hosts[name] = hosts
	return hosts, nil
}

func (b *Book) expand(ctx context.Context, d Entry) ([]string, error) {
	list := d.Hosts
	if d.Command != "" {
		var err error
		if list, err = run(ctx, d.Command); err != nil {
			return nil, err
		}
	}
	return hostlist.Expand(list, func(other string) ([]string, error) {
		if strings.ContainsRune(other, '/') {
			return nil, fmt.Errorf("a domain can't name a file, %q", "@"+other)
		}
		return b.Hosts(ctx, other)
	})
}

// mostNamed is how many domains an error lists.
const mostNamed = 8

func (b *Book) unknown(name string) error {
	names := b.Domains()
	if len(names) == 0 {
		return fmt.Errorf("%w %q; none is defined in %s", ErrUnknown, name, strings.Join(b.Paths, " or "))
	}
	more := ""
	if len(names) > mostNamed {
		names, more = names[:mostNamed], ", ..."
	}
	return fmt.Errorf("%w %q; there is %s%s", ErrUnknown, name, strings.Join(names, ", "), more)
}

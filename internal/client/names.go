package client

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"msg/internal/addressbook"
	"msg/internal/hostlist"
	"msg/internal/message"
	"msg/internal/target"
)

// Names finds what lists of targets and of hosts stand for: files, aliases, domains. It reads
// the configuration when a list first needs it; a domain then has the same hosts each time.
// It is for one goroutine at a time.
type Names struct {
	System, User string // paths of the configuration files; User may be ""

	// Warn tells the user of names that were left out.
	Warn func(problem string)

	loaded bool
	book   *addressbook.Book
	err    error
}

// Book returns the names that the configuration has. An addressbook.Skipped comes with a
// Book that lacks the names of a file.
func (n *Names) Book() (*addressbook.Book, error) {
	if !n.loaded {
		n.book, n.err = addressbook.Load(n.System, n.User)
		n.loaded = true
	}
	return n.book, n.err
}

// Targets parses a list, and puts what files and aliases stand for in their place. A file of
// names that is not to be trusted holds back no message of root's, whom Warn tells. But it
// could name somebody to leave out: then it is an error.
func (n *Names) Targets(list string, leaveOut bool) ([]target.Target, error) {
	all, err := parsed(list)
	if err != nil || !slices.ContainsFunc(all, func(t target.Target) bool { return t.Kind == target.Word }) {
		return all, err // a message that needs no file waits for none
	}
	book, err := n.Book()
	var skipped addressbook.Skipped
	if !leaveOut && errors.As(err, &skipped) {
		n.Warn(skipped.Error() + "; its names are left out")
		err = nil
	}
	if err == nil {
		all, err = book.Expand(all)
	}
	if err != nil {
		return nil, &message.Refusal{
			Problem: err.Error(),
			Hint:    "user:NAME, session:ID and other targets need no aliases",
		}
	}
	return all, nil
}

// parsed parses a list, and puts what target files hold in their place.
func parsed(list string) ([]target.Target, error) {
	parsed, err := target.Parse(list)
	if err != nil {
		return nil, &message.Refusal{
			Problem: err.Error(),
			Hint:    "a target is a user, an alias, %group, *, a terminal (pts/3), a session's id or @FILE",
		}
	}
	var all []target.Target
	for _, t := range parsed {
		if t.Kind != target.File {
			all = append(all, t)
			continue
		}
		found, err := targetsIn(t.Name)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			if one.Hosts == "" {
				one.Hosts = t.Hosts
			}
			all = append(all, one)
		}
	}
	return all, nil
}

func targetsIn(file string) ([]target.Target, error) {
	content, err := ReadFile(file, MostList)
	if err != nil {
		return nil, err
	}
	found, err := parseTargets(file, content)
	return found, Refused(err)
}

// Hosts expands a list of hosts. @NAME is a domain, or a file if the name has a slash.
func (n *Names) Hosts(ctx context.Context, list string) ([]string, error) {
	hosts, err := hostlist.Expand(list, func(name string) ([]string, error) {
		if strings.ContainsRune(name, '/') {
			return n.hostsIn(ctx, name)
		}
		return n.domain(ctx, name)
	})
	return hosts, Refused(err)
}

func (n *Names) hostsIn(ctx context.Context, file string) ([]string, error) {
	content, err := ReadFile(file, MostList)
	if err != nil {
		return nil, err
	}
	hosts, err := hostlist.Expand(WithoutComments(content), func(other string) ([]string, error) {
		if strings.ContainsRune(other, '/') {
			return nil, fmt.Errorf("a file of hosts can't name another, %q", "@"+other)
		}
		return n.domain(ctx, other)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return hosts, nil
}

func (n *Names) domain(ctx context.Context, name string) ([]string, error) {
	book, err := n.Book()
	if err != nil {
		return nil, err
	}
	hosts, err := book.Hosts(ctx, name)
	if errors.Is(err, addressbook.ErrUnknown) && !slices.Contains(book.Domains(), name) {
		return nil, &message.Refusal{
			Problem: err.Error(),
			Hint:    fmt.Sprintf("a file's name has a slash: @./%s; msg.conf(5) tells how domains are defined", name),
		}
	}
	return hosts, err
}

// Refused makes an error one that says that nothing was done.
func Refused(err error) error {
	var refused *message.Refusal
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return &message.Refusal{Problem: err.Error()}
}

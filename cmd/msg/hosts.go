package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"

	"msg/internal/addressbook"
	"msg/internal/config"
	"msg/internal/hostlist"
	"msg/internal/message"
)

// Help is shown by msg hosts --help.
func (hostsCmd) Help() string {
	return `Examples:
  msg hosts 'web[01-40]'             web01 to web40, one a line
  msg hosts @lab                     the hosts of a domain of msg.conf(5)
  msg hosts @./hosts.txt             those in a file
  msg hosts '@lab!web[3-5]'          without some; & is in both, ^ in one alone
  msg hosts -c @lab                  how many there are
  cut -d' ' -f1 list | msg hosts -f  fold names into web[01-38],db1
  msg hosts                          at a terminal: the domains that there are`
}

// Run prints what lists of hosts come to.
func (c *hostsCmd) Run(ctx context.Context, w world, status *int) error {
	list := strings.Join(c.Exprs, " ")
	if len(c.Exprs) == 0 {
		if isTerminal(w.stdin) {
			return c.names(w)
		}
		content, err := readText(w.stdin, "standard input", mostTargets)
		if err != nil {
			return err
		}
		list = withoutComments(content)
	}
	ctx, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	groups := hostGroups{ctx: ctx, w: w}
	hosts, err := groups.expand(list)
	if ctx.Err() != nil {
		*status = exitInterrupted
		return nil
	}
	if err != nil {
		return err
	}
	return c.print(w, hosts)
}

// names prints the domains that a list can name.
func (c *hostsCmd) names(w world) error {
	book, err := addressBook(w)
	if err != nil {
		return requestError(err)
	}
	all := append([]string{}, book.Domains()...) // JSON tells nil from none
	if len(all) == 0 && !c.JSON && !c.Count {
		fmt.Fprintf(w.stderr, "msg: no domains\nhint: msg.conf(5) tells how to name lists of hosts, in %s\n", strings.Join(book.Paths, " or "))
		return nil
	}
	return c.print(w, all)
}

func (c *hostsCmd) print(w world, hosts []string) error {
	var err error
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(hosts)
	case c.Count:
		_, err = fmt.Fprintln(w.stdout, len(hosts))
	case c.Fold:
		_, err = fmt.Fprintln(w.stdout, hostlist.Fold(hosts))
	default:
		_, err = io.WriteString(w.stdout, strings.Join(hosts, "\n")+"\n")
	}
	return err
}

// hostGroups are the groups that the lists of one command name: a domain, or a file where
// the name has a slash. What defines domains is read when a list names one, and a domain
// has the same hosts each time.
type hostGroups struct {
	ctx  context.Context
	w    world
	book *addressbook.Book
}

// expand returns the hosts of a list.
func (g *hostGroups) expand(list string) ([]string, error) {
	hosts, err := hostlist.Expand(list, g.hosts)
	return hosts, requestError(err)
}

func (g *hostGroups) hosts(name string) ([]string, error) {
	if !strings.ContainsRune(name, '/') {
		return g.domain(name)
	}
	content, err := readFile(name, mostTargets)
	if err != nil {
		return nil, err
	}
	hosts, err := hostlist.Expand(withoutComments(content), func(other string) ([]string, error) {
		if strings.ContainsRune(other, '/') {
			return nil, fmt.Errorf("a file of hosts can't name another, %q", "@"+other)
		}
		return g.domain(other)
	})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return hosts, nil
}

func (g *hostGroups) domain(name string) ([]string, error) {
	if g.book == nil {
		book, err := addressBook(g.w)
		if err != nil {
			return nil, err
		}
		g.book = book
	}
	hosts, err := g.book.Hosts(g.ctx, name)
	if errors.Is(err, addressbook.ErrUnknown) && !slices.Contains(g.book.Domains(), name) {
		return nil, &message.Refusal{
			Problem: err.Error(),
			Hint:    fmt.Sprintf("a file's name has a slash: @./%s; msg.conf(5) tells how domains are defined", name),
		}
	}
	return hosts, err
}

// namesOf are the names that the caller's configuration knows.
func addressBook(w world) (*addressbook.Book, error) {
	return addressbook.Load(config.Path, userConfig(w))
}

// userConfig is the user's own configuration file, by the XDG Base Directory
// Specification, or "".
func userConfig(w world) string {
	dir := w.getenv("XDG_CONFIG_HOME")
	if !filepath.IsAbs(dir) { // the specification has it ignored
		home := w.getenv("HOME")
		if home == "" {
			return ""
		}
		dir = filepath.Join(home, ".config")
	}
	return filepath.Join(dir, "msg", "msg.toml")
}

// withoutComments leaves out what stands behind a # on each line.
func withoutComments(content string) string {
	lines := strings.Split(content, "\n")
	for i, line := range lines {
		lines[i], _, _ = strings.Cut(line, "#")
	}
	return strings.Join(lines, "\n")
}

// requestError makes an error one that says that nothing was done.
func requestError(err error) error {
	var refused *message.Refusal
	if err == nil || errors.As(err, &refused) {
		return err
	}
	return &message.Refusal{Problem: err.Error()}
}

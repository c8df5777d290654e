package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"msg/internal/addressbook"
	"msg/internal/config"
	"msg/internal/message"
	"msg/internal/table"
	"msg/internal/target"
	"msg/internal/text"
)

// Help is shown by msg name --help.
func (nameCmd) Help() string {
	return `Examples:
  msg name                               the aliases and domains there are, and in which file
  msg name --add team alice,bob@web1     "msg team hi" sends to both
  msg name --add ali                     ali is another name for you
  msg name team                          whom it stands for
  msg name --delete team
  sudo msg name --system --add oncall %ops
                                         for everyone on this host

An alias is a bare word among targets. It comes before a user of that name, and your own before
the system's.`
}

// Run shows names, or changes one.
func (c *nameCmd) Run(ctx context.Context, w world, status *int) error {
	switch {
	case c.Add || c.Delete:
		return c.change(ctx, w)
	case c.Targets != "":
		return &message.Refusal{
			Problem: fmt.Sprintf("%q: a name is shown, or set with --add", c.Name),
			Hint:    fmt.Sprintf("msg name --add %s %s", c.Name, c.Targets),
		}
	case c.System:
		return &message.Refusal{Problem: "--system goes with --add and --delete", Hint: `"msg name" shows the system's names, too`}
	}
	book, err := addressBook(w)
	if err != nil {
		return requestError(err)
	}
	shown := []addressbook.Entry{} // JSON tells nil from none
	for _, e := range book.All() {
		if c.Name == "" || e.Name == string(c.Name) || "@"+e.Name == string(c.Name) && !e.IsAlias() {
			shown = append(shown, e)
		}
	}
	if len(shown) == 0 && !c.JSON {
		return c.none(w, book, status)
	}
	if len(shown) == 0 && c.Name != "" {
		*status = exitNotReached
	}
	return c.show(w, shown)
}

// none tells that there is no such name, or none at all.
func (c *nameCmd) none(w world, book *addressbook.Book, status *int) error {
	words, hint := "no aliases, no domains", `"msg name --add NAME TARGETS" makes an alias; msg.conf(5) tells about both, in `+strings.Join(book.Paths, " and ")
	if c.Name != "" {
		*status = exitNotReached
		words, hint = fmt.Sprintf("%q is no alias and no domain", c.Name), fmt.Sprintf(`"msg name --add %s TARGETS" makes it an alias`, c.Name)
	}
	w.complain(&message.Refusal{Problem: words, Hint: hint})
	return nil
}

// entry is a name as --json shows it.
type entry struct {
	Kind    string   `json:"kind"` // alias or domain
	Name    string   `json:"name"`
	Targets []string `json:"targets,omitempty"`
	Hosts   string   `json:"hosts,omitempty"`
	Command string   `json:"command,omitempty"`
	File    string   `json:"file"`
	Holds   bool     `json:"holds"` // and is not hidden by the user's own
}

func entryOf(e addressbook.Entry) entry {
	out := entry{Kind: "domain", Name: e.Name, Hosts: e.Hosts, Command: e.Command, File: e.File, Holds: !e.Hidden}
	if e.IsAlias() {
		out.Kind = "alias"
	}
	for _, t := range e.Targets {
		out.Targets = append(out.Targets, t.String())
	}
	return out
}

// show prints names with the file that each is from. A domain is written as lists of hosts
// name it.
func (c *nameCmd) show(w world, all []addressbook.Entry) error {
	entries := []entry{}
	columns := []table.Column{{Cells: []string{"NAME"}}, {Cells: []string{"STANDS FOR"}, Least: 12}, {Cells: []string{"FROM"}, Least: 6, Spare: 1}}
	for _, one := range all {
		e := entryOf(one)
		entries = append(entries, e)
		name, means, from := e.Name, strings.Join(e.Targets, ","), e.File
		if e.Kind == "domain" {
			name, means = "@"+e.Name, e.Hosts
		}
		if e.Command != "" {
			means = "what is printed by: " + e.Command
		}
		if !e.Holds {
			from += " (yours holds)"
		}
		for i, cell := range []string{name, means, from} {
			columns[i].Cells = append(columns[i].Cells, text.Name(cell))
		}
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(entries)
	}
	return table.Print(w.stdout, columns, terminalWidth(w.stdout))
}

// change makes an alias, or takes one away.
func (c *nameCmd) change(ctx context.Context, w world) error {
	path := userConfig(w)
	if c.System {
		path = config.Path
	}
	switch {
	case c.JSON:
		return &message.Refusal{Problem: "--json shows names, and changes none"}
	case c.System && w.engine.UID != 0:
		return &message.Refusal{Problem: "the system's aliases are root's to change", Hint: "without --system, it is one of your own"}
	case c.Name == "":
		return &message.Refusal{Problem: "no name", Hint: "msg name --add team alice,bob"}
	case path == "":
		return &message.Refusal{Problem: "HOME is not set, so there is no place for a configuration of yours"}
	case c.Delete:
		return c.drop(w, path)
	}
	return c.set(ctx, w, path)
}

func (c *nameCmd) drop(w world, path string) error {
	if c.Targets != "" {
		return &message.Refusal{Problem: "--delete takes a name alone"}
	}
	err := addressbook.DropAlias(path, string(c.Name))
	if errors.Is(err, addressbook.ErrNoAlias) {
		return &message.Refusal{Problem: fmt.Sprintf("%s has no alias %q", path, c.Name), Hint: `"msg name" shows which file has it; --system changes the system's`}
	}
	if err != nil {
		return requestError(err)
	}
	return c.changed(w, "is no alias any more")
}

func (c *nameCmd) set(ctx context.Context, w world, path string) error {
	if slices.Contains(w.commands, string(c.Name)) {
		return &message.Refusal{Problem: fmt.Sprintf("%q is a command of msg's, and would not be taken for an alias", c.Name)}
	}
	meant, err := target.Parse(string(c.Targets))
	if c.Targets == "" {
		meant, err = c.oneself(ctx, w)
	}
	if err != nil {
		return requestError(err)
	}
	if err := addressbook.SetAlias(path, string(c.Name), meant); err != nil {
		return requestError(err)
	}
	list := make([]string, len(meant))
	for i, t := range meant {
		list[i] = t.String()
	}
	return c.changed(w, "stands for "+strings.Join(list, ","))
}

// oneself is whom a name stands for that is given without targets. One that means somebody
// already is left alone: it may have been typed to be shown.
func (c *nameCmd) oneself(ctx context.Context, w world) ([]target.Target, error) {
	book, err := addressBook(w)
	if err != nil {
		return nil, err
	}
	you := w.engine.Accounts.Name(ctx, w.engine.UID)
	_, err = w.engine.Accounts.User(ctx, string(c.Name))
	switch {
	case slices.Contains(book.Aliases(), string(c.Name)):
		return nil, &message.Refusal{
			Problem: fmt.Sprintf("%q is an alias already", c.Name),
			Hint:    fmt.Sprintf("msg name %s shows it; msg name --add %s TARGETS has it stand for others", c.Name, c.Name),
		}
	case err == nil:
		return nil, &message.Refusal{Problem: fmt.Sprintf("%q is a user here", c.Name), Hint: fmt.Sprintf("msg name --add %s TARGETS has it stand for others all the same", c.Name)}
	case you == "":
		return nil, fmt.Errorf("uid %d has no name that an alias could stand for", w.engine.UID)
	}
	return []target.Target{{Kind: target.User, Name: you}}, nil
}

// changed says at a terminal what a name is now.
func (c *nameCmd) changed(w world, words string) error {
	if !isTerminal(w.stdout) {
		return nil
	}
	_, err := fmt.Fprintf(w.stdout, "%s %s\n", text.Name(string(c.Name)), text.Name(words))
	return err
}

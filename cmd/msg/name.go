package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"msg/internal/addressbook"
	"msg/internal/client"
	"msg/internal/config"
	"msg/internal/table"
	"msg/internal/target"
	"msg/internal/text"
	"msg/internal/window"
)

type nameCmd struct {
	Name    named `arg:"" optional:"" help:"The alias, or a domain; all of them where it is left out." completion-predictor:"aliases"`
	Targets named `arg:"" optional:"" help:"With --add, whom it stands for; yourself where that is left out." completion-predictor:"targets"`

	Add    bool `xor:"change" help:"Make it an alias, or have it stand for others than it did."`
	Delete bool `xor:"change" help:"Take the alias away."`
	System bool `help:"Change the system's aliases, which everyone has, and not your own."`
	JSON   bool `name:"json" help:"Print an array of JSON objects."`
}

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
func (c *nameCmd) Run(ctx context.Context, w world) error {
	name, meant := string(c.Name), string(c.Targets)
	a := aliases{w: w, system: c.System, json: c.JSON}
	switch {
	case (c.Add || c.Delete) && c.JSON:
		return wrong("", "--json shows names, and changes none")
	case c.Delete:
		return a.drop(name, meant)
	case c.Add:
		return a.set(ctx, name, meant)
	case meant != "":
		return wrong(fmt.Sprintf("msg name --add %s %s", name, meant), "%q: a name is shown, or set with --add", name)
	case c.System:
		return wrong(`"msg name" shows the system's names, too`, "--system goes with --add and --delete")
	}
	return a.show(name)
}

// aliases shows and changes a user's names, or the system's.
type aliases struct {
	w      world
	system bool // changes are the system's
	json   bool
}

// show prints a name, or all of them if it is "".
func (a aliases) show(name string) error {
	book, err := a.w.names().Book()
	if err != nil {
		return client.Refused(err)
	}
	shown := []addressbook.Entry{} // JSON tells nil from none
	for _, e := range book.All() {
		if name == "" || e.Name == name || "@"+e.Name == name && !e.IsAlias() {
			shown = append(shown, e)
		}
	}
	status := exitOK
	if len(shown) == 0 && name != "" {
		status = exitNotReached
	}
	if len(shown) == 0 && !a.json {
		a.none(name, book)
		return ended(status, nil)
	}
	return ended(status, a.print(shown))
}

// none tells that there is no such name, or none at all.
func (a aliases) none(name string, book *addressbook.Book) {
	err := wrong(`"msg name --add NAME TARGETS" makes an alias; msg.conf(5) tells about both, in `+strings.Join(book.Paths, " and "), "no aliases, no domains")
	if name != "" {
		err = wrong(fmt.Sprintf(`"msg name --add %s TARGETS" makes it an alias`, name), "%q is no alias and no domain", name)
	}
	a.w.complain(err)
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

// print prints names with the file that each is from. A domain is written as lists of hosts
// name it.
func (a aliases) print(all []addressbook.Entry) error {
	entries := []entry{}
	columns := []table.Column{{Cells: []string{"NAME"}}, {Cells: []string{"STANDS FOR"}, Least: 12}, {Cells: []string{"FROM"}, Least: 6, Spare: 1}}
	for _, one := range all {
		e := entryOf(one)
		entries = append(entries, e)
		for i, cell := range e.cells() {
			columns[i].Cells = append(columns[i].Cells, text.Name(cell))
		}
	}
	if a.json {
		return json.NewEncoder(a.w.stdout).Encode(entries)
	}
	return table.Print(a.w.stdout, columns, window.Width(a.w.stdout))
}

// cells are a name, what it stands for, and where it is from.
func (e entry) cells() []string {
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
	return []string{name, means, from}
}

// file returns the path of the file to change.
func (a aliases) file(name string) (string, error) {
	path := a.w.userConfig()
	if a.system {
		path = config.Path
	}
	switch {
	case a.system && a.w.me.UID != 0:
		return "", wrong("without --system, it is one of your own", "the system's aliases are root's to change")
	case name == "":
		return "", wrong("msg name --add team alice,bob", "no name")
	case path == "":
		return "", wrong("", "HOME is not set, so there is no place for a configuration of yours")
	}
	return path, nil
}

// drop takes an alias away. It has no use for targets.
func (a aliases) drop(name, targets string) error {
	path, err := a.file(name)
	if err != nil {
		return err
	}
	if targets != "" {
		return wrong("", "--delete takes a name alone")
	}
	err = addressbook.DropAlias(path, name)
	if errors.Is(err, addressbook.ErrNoAlias) {
		return wrong(`"msg name" shows which file has it; --system changes the system's`, "%s has no alias %q", path, name)
	}
	if err != nil {
		return client.Refused(err)
	}
	return a.changed(name, "is no alias any more")
}

// set has an alias stand for a list of targets, or for the user if that is "".
func (a aliases) set(ctx context.Context, name, list string) error {
	path, err := a.file(name)
	if err != nil {
		return err
	}
	if slices.Contains(a.w.commands, name) {
		return wrong("", "%q is a command of msg's, and would not be taken for an alias", name)
	}
	var meant []target.Target
	if list == "" {
		meant, err = a.oneself(ctx, name)
	} else {
		meant, err = target.Parse(list)
	}
	if err == nil {
		err = addressbook.SetAlias(path, name, meant)
	}
	if err != nil {
		return client.Refused(err)
	}
	words := make([]string, len(meant))
	for i, t := range meant {
		words[i] = t.String()
	}
	return a.changed(name, "stands for "+strings.Join(words, ","))
}

// oneself is whom a name stands for that is given without targets. A name that means somebody
// already stays as it is: the user may have typed it to see it.
func (a aliases) oneself(ctx context.Context, name string) ([]target.Target, error) {
	book, err := a.w.names().Book()
	if err != nil {
		return nil, err
	}
	accounts := a.w.here.Accounts
	you := accounts.Name(ctx, a.w.me.UID)
	_, err = accounts.User(ctx, name)
	switch {
	case slices.Contains(book.Aliases(), name):
		return nil, wrong(fmt.Sprintf("msg name %s shows it; msg name --add %s TARGETS has it stand for others", name, name), "%q is an alias already", name)
	case err == nil:
		return nil, wrong(fmt.Sprintf("msg name --add %s TARGETS has it stand for others all the same", name), "%q is a user here", name)
	case you == "":
		return nil, fmt.Errorf("uid %d has no name that an alias could stand for", a.w.me.UID)
	}
	return []target.Target{{Kind: target.User, Name: you}}, nil
}

// changed says at a terminal what a name is now.
func (a aliases) changed(name, words string) error {
	if !window.IsTerminal(a.w.stdout) {
		return nil
	}
	_, err := fmt.Fprintf(a.w.stdout, "%s %s\n", text.Name(name), text.Name(words))
	return err
}

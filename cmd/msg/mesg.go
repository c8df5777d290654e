package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"msg/internal/tty/mine"
)

// The exit statuses of msg mesg, which are mesg(1)'s.
const (
	exitMessagesOn  = 0
	exitMessagesOff = 1
)

type mesgCmd struct {
	Messages string `arg:"" optional:"" default:"" enum:"y,n,yes,no," help:"y switches messages on, n off; without it, say how it is."`
	Verbose  bool   `short:"v" xor:"form" help:"Say in words how it is."`
	JSON     bool   `name:"json" xor:"form" help:"Print a JSON object."`
}

// Help is shown by msg mesg --help.
func (mesgCmd) Help() string {
	return `Examples:
  msg mesg                           is y, or is n
  msg mesg n                         no messages to this terminal, but root's
  msg mesg y                         messages again

The terminal is the first of standard input, output and error that is one.

Exit status: 0 messages are on, 1 they are off, 2 that cannot be told or changed.`
}

// Run shows or sets whether messages come to the terminal that msg was started at.
func (c *mesgCmd) Run(ctx context.Context, w world) error {
	own, err := mine.Find(w.stdin, w.stdout, w.stderr)
	if err != nil {
		return mesgError(err)
	}
	defer own.Close()
	on := own.MessagesOn()
	if c.Messages != "" {
		on = strings.HasPrefix(c.Messages, "y")
		if err := own.Set(on); err != nil {
			return refused(ctx, w, own, err)
		}
	}
	status := exitMessagesOff
	if on {
		status = exitMessagesOn
	}
	return ended(status, c.show(w, own.Name, on))
}

// show answers as mesg(1) does: a change is silent, unless the user asked for words or JSON.
func (c *mesgCmd) show(w world, name string, on bool) error {
	var err error
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(struct {
			Terminal string `json:"terminal"`
			Messages bool   `json:"messages"`
		}{name, on})
	case c.Verbose:
		_, err = fmt.Fprintf(w.stdout, "messages to %s are %s\n", name, onOff(on))
	case c.Messages == "":
		_, err = fmt.Fprintln(w.stdout, map[bool]string{true: "is y", false: "is n"}[on])
	}
	return err
}

func mesgError(err error) error {
	hint := ""
	if errors.Is(err, mine.ErrNone) {
		hint = `it is for the terminal that it is typed at; over ssh, "ssh -t" gives one`
	}
	return wrong(hint, "%v", err)
}

// refused names the terminal's owner if the kernel lets only them change it.
func refused(ctx context.Context, w world, own *mine.Terminal, err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		err = path.Err
	}
	if !errors.Is(err, fs.ErrPermission) {
		return mesgError(fmt.Errorf("%s: %w", own.Name, err))
	}
	whose := fmt.Sprintf("uid %d", own.Owner)
	if name := w.here.Accounts.Name(ctx, own.Owner); name != "" {
		whose = name
	}
	who := whose + " or root"
	if own.Owner == 0 {
		who = "root"
	}
	hint := fmt.Sprintf(`only %s may change that; after su or sudo, "exit" goes back to who logged in`, who)
	return wrong(hint, "%s belongs to %s", own.Name, whose)
}

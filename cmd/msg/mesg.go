package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	Messages   string   `arg:"" optional:"" default:"" enum:"y,n,yes,no," help:"y switches messages to this terminal on, n off; without it, say how it is and why."`
	Everywhere named    `placeholder:"y|n|default|NAME,..." help:"Say it for all your terminals: y, n, only for these users and %groups, or default to take it back." completion-predictor:"targets"`
	For        duration `placeholder:"TIME" help:"With --everywhere, for so long: 30m, 1h. Then what you said before holds again."`
	Verbose    bool     `short:"v" xor:"form" help:"Say in words how it is, after a change too."`
	JSON       bool     `name:"json" xor:"form" help:"Print a JSON object."`
}

// Help is shown by msg mesg --help.
func (mesgCmd) Help() string {
	return `Examples:
  msg mesg                           whether messages come to this terminal, and why
  msg mesg n                         no messages to this terminal, but root's
  msg mesg y                         messages again
  msg mesg --everywhere n --for 1h   none to any of your terminals for an hour
  msg mesg --everywhere bob,%ops     only these may send to you
  msg mesg --everywhere default      as if you had said nothing for all of them

The terminal is the first of standard input, output and error that is one. A no on it counts more
than --everywhere.

Exit status: 0 messages are on, 1 they are off, 2 that cannot be told or changed. With
--everywhere: 0 it is kept, 2 it is not.`
}

// Run shows or sets whether messages come to the terminal that msg was started at.
func (c *mesgCmd) Run(ctx context.Context, w world) error {
	if err := c.check(); err != nil {
		return err
	}
	if c.Everywhere != "" {
		return c.sayEverywhere(ctx, w)
	}
	own, err := mine.Find(w.stdin, w.stdout, w.stderr)
	if err != nil {
		return mesgError(err)
	}
	defer own.Close()
	if c.Messages != "" {
		if err := own.Set(strings.HasPrefix(c.Messages, "y")); err != nil {
			return refused(ctx, w, own, err)
		}
		if strings.HasPrefix(c.Messages, "n") && !c.Verbose && !c.JSON {
			return exit(exitMessagesOff) // a no here holds, whatever was said for all terminals
		}
	}
	state, err := w.mesgState(ctx, own)
	if err != nil {
		w.complain(err) // and the verdict says so, too
	}
	status := exitMessagesOff
	switch {
	case state.verdict.On:
		status = exitMessagesOn
	case strings.HasPrefix(c.Messages, "y"):
		w.complain(hinted{errors.New("messages stay off: " + state.verdict.Words()), `"msg mesg --everywhere ` + takeBack + `" takes that back`})
	}
	return ended(status, c.show(w, state))
}

// mesgState finds out whether messages come to the user's terminal, nil if there is none. With an
// error, all but the word for all terminals is known.
func (w world) mesgState(ctx context.Context, own *mine.Terminal) (mesgState, error) {
	var state mesgState
	var err error
	state.word, err = w.wordOf(ctx, w.me.UID)
	if own != nil {
		state.terminal, state.verdict = own.Name, w.verdictWith(ctx, own, answerOf(state.word, err))
	}
	return state, err
}

// show answers as mesg(1) does: a change is silent, unless the user asked for words or JSON.
func (c *mesgCmd) show(w world, state mesgState) error {
	var err error
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(state.asJSON())
	case c.Verbose, c.Messages == "" && c.Everywhere == "":
		_, err = io.WriteString(w.stdout, state.inWords(w.here.Now()))
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

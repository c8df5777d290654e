package main

import (
	"context"
	"errors"
	"fmt"

	"msg/internal/compat"
	"msg/internal/tty/mine"
)

const mesgUsage = `
Usage:
 mesg [options] [y | n]

Shows or sets whether messages come to this terminal.

Options:
 -v, --verbose  say in words how it is now
 -h, --help     show this
 -V, --version  show the version

Exit status: 0 messages are on, 1 they are off, 2 that cannot be told or changed.

This mesg is msg(1): "msg mesg".
`

// exitNoMesg is mesg's status where it could not do what it is for.
const exitNoMesg = 2

// runMesg is mesg(1). Without a terminal it fails in silence, as login scripts count on.
func runMesg(ctx context.Context, args []string, w world) (code int, err error) {
	line, err := compat.ParseMesg(args, w.posixly)
	switch {
	case err != nil:
		return exitFailed, err
	case line.Asked != compat.Nothing:
		return w.tell(line.Asked)
	}
	own, err := mine.Find(w.stdin, w.stdout, w.stderr)
	switch {
	case errors.Is(err, mine.ErrNone) && !line.Verbose:
		return exitNoMesg, nil
	case errors.Is(err, mine.ErrNone):
		return exitNoMesg, errors.New("no tty")
	case err != nil:
		return exitNoMesg, err
	}
	defer own.Close()
	return answerMesg(ctx, w, own, line)
}

func answerMesg(ctx context.Context, w world, own *mine.Terminal, line compat.Mesg) (code int, err error) {
	on := line.Answer == "y"
	switch {
	case line.Ask:
		on = own.Writable()
		_, err = fmt.Fprintln(w.stdout, map[bool]string{true: "is y", false: "is n"}[on])
	case !on && line.Answer != "n":
		return exitFailed, &compat.UsageError{Problem: "invalid argument: " + line.Answer, Try: true}
	default:
		if err := own.Set(on); err != nil {
			return exitNoMesg, refused(ctx, w, own, err)
		}
		if line.Verbose {
			_, err = fmt.Fprintf(w.stdout, "write access to your terminal is %s\n", map[bool]string{true: "allowed", false: "denied"}[on])
		}
	}
	switch {
	case err != nil:
		return exitNoMesg, err
	case on:
		return exitMessagesOn, nil
	}
	return exitMessagesOff, nil
}

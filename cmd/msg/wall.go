package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"msg/internal/accounts"
	"msg/internal/client"
	"msg/internal/compat"
	"msg/internal/message"
	"msg/internal/target"
	"msg/internal/tty/mine"
)

const wallUsage = `
Usage:
 wall [options] [FILE | MESSAGE ...]

Sends a message to everyone who is logged in: what FILE holds, if the only argument is
the name of a file, else the arguments, else standard input.

Options:
 -g, --group GROUP      only to the members of a group
 -n, --nobanner         without the line that says who sends; for root
 -t, --timeout SECONDS  how long a terminal may take (5)
 -h, --help             show this
 -V, --version          show the version

This wall is msg(1): "msg '*' MESSAGE" does the same, and more.
`

// runWall is wall(1). As there, a message to everyone comes to one's own terminal, too.
func runWall(ctx context.Context, args []string, w world) (code int, err error) {
	line, err := compat.ParseWall(args, w.posixly)
	switch {
	case err != nil:
		return exitFailed, err
	case line.Asked != compat.Nothing:
		return w.tell(line.Asked)
	}
	o := outgoing{Message: client.Message{Options: message.Request{Time: mostPatience(w, line.Timeout)}}}
	if err := toGroup(ctx, w, line.Group, &o.Message); err != nil {
		return exitFailed, err
	}
	if o.Options.NoBanner = line.NoBanner && w.me.UID == 0; o.Options.NoBanner != line.NoBanner {
		w.warn("--nobanner is available only for root")
	}
	switch words := line.Words; {
	case len(words) == 1 && isFile(words[0]):
		o.text.file = words[0]
	case len(words) > 0:
		o.text = literal(words...)
	default: // all of standard input is one message, at a terminal, too
		text, err := written(nil, w, "the message", message.MaxBytesRoot)
		if err != nil {
			return exitFailed, err
		}
		o.text = literal(text)
	}
	return sendAs(ctx, w, o)
}

// toGroup addresses a message to a group's members, or to everyone with its sender. It leaves
// out the sender's own terminal if messages to it are off: that is no failure of the message.
func toGroup(ctx context.Context, w world, group string, m *client.Message) (err error) {
	own := mine.Controlling(w.me.Self.Terminal)
	off := w.me.UID != 0 && !w.comesTo(ctx, own)
	switch {
	case group != "":
		m.Targets, err = groupTarget(ctx, w, group)
		if own != "" && off {
			m.Except = "tty:" + own
		}
	case own == "" || off:
		m.Targets = "*"
	default:
		m.Targets = "*,tty:" + own
	}
	return err
}

// groupTarget is a group that there is, by its name or its number, and nothing else that could be
// written as targets.
func groupTarget(ctx context.Context, w world, group string) (string, error) {
	invalid := &compat.UsageError{Problem: fmt.Sprintf("invalid group argument: '%s'", group)}
	found, err := w.here.Accounts.Group(ctx, group)
	if errors.Is(err, accounts.ErrUnknown) {
		gid, notANumber := strconv.ParseUint(strings.TrimPrefix(strings.TrimSpace(group), "+"), 10, 32)
		if notANumber != nil {
			return "", invalid
		}
		if found, err = w.here.Accounts.GroupByID(ctx, uint32(gid)); errors.Is(err, accounts.ErrUnknown) {
			err = wrong("", "%d: unknown gid", gid)
		}
	}
	if err != nil {
		return "", err
	}
	name := "group:" + found.Name
	parsed, err := target.Parse(name)
	if err != nil || len(parsed) != 1 || parsed[0] != (target.Target{Kind: target.Group, Name: found.Name}) {
		return "", invalid
	}
	return name, nil
}

// isFile is wall's question (access(2), F_OK): a file that may not be read is one, too.
func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

package main

import (
	"context"
	"fmt"
	"os"
	"strconv"

	"msg/internal/compat"
	"msg/internal/delivery"
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
	asked, err := compat.ParseWall(args, w.posixly())
	switch {
	case err != nil:
		return exitFailed, err
	case asked.Asked != compat.Nothing:
		return w.tell(asked.Asked)
	}
	send := sendCmd{Time: mostPatience(w, duration(asked.Timeout))}
	if send.Targets, err = wallTargets(ctx, w, asked.Group); err != nil {
		return exitFailed, err
	}
	if send.NoBanner = asked.NoBanner && w.engine.UID == 0; send.NoBanner != asked.NoBanner {
		w.warn("--nobanner is available only for root")
	}
	switch words := asked.Words; {
	case len(words) == 1 && isFile(words[0]):
		send.File = words[0]
	case len(words) > 0:
		send.Text = textOf(words)
	default: // all of standard input is one message, at a terminal, too
		text, err := written(nil, w, "the message", delivery.MaxBytesRoot)
		if err != nil {
			return exitFailed, err
		}
		send.Text = textOf([]string{text})
	}
	return sendAs(ctx, w, send)
}

// wallTargets is everyone with oneself, or a group. As for wall, a group may be a number.
func wallTargets(ctx context.Context, w world, group string) (string, error) {
	if group == "" {
		if own := controllingTerminal(w); own != "" {
			return "*,tty:" + own, nil
		}
		return "*", nil
	}
	_, err := w.engine.Accounts.Group(ctx, group)
	if gid, notANumber := strconv.ParseUint(group, 10, 32); err != nil && notANumber == nil {
		found, err := w.engine.Accounts.GroupByID(ctx, uint32(gid))
		if err != nil {
			return "", &delivery.RequestError{Problem: fmt.Sprintf("%d: unknown gid", gid)}
		}
		group = found.Name
	}
	return "group:" + group, nil
}

// isFile is wall's question (access(2), F_OK): a file that may not be read is one, too.
func isFile(name string) bool {
	_, err := os.Stat(name)
	return err == nil
}

// textOf are words that are a text, whatever they look like.
func textOf(words []string) []word {
	text := []word{"--"}
	for _, one := range words {
		text = append(text, word(one))
	}
	return text
}

package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"msg/internal/accounts"
	"msg/internal/client"
	"msg/internal/compat"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/text"
	"msg/internal/tty/mine"
)

const writeUsage = `
Usage:
 write [options] USER [TERMINAL]

Sends what is typed to another user, line by line; standard input that is no terminal
is sent as one message. Without TERMINAL, it goes to the one that they used last.

Options:
 -h, --help     show this
 -V, --version  show the version

This write is msg(1): "msg USER" sends to each screen where they are.
`

// runWrite is write(1). It takes a while until there is a text; that the terminal still is the
// user's is looked at again then.
func runWrite(ctx context.Context, args []string, w world) (code int, err error) {
	line, err := compat.ParseWrite(args, w.posixly)
	switch {
	case err != nil:
		return exitFailed, err
	case line.Asked != compat.Nothing:
		return w.tell(line.Asked)
	}
	if err := canAnswer(ctx, w); err != nil {
		return exitFailed, err
	}
	terminal, err := writeTo(ctx, w, line)
	if err != nil {
		return exitFailed, err
	}
	o := outgoing{Message: client.Message{Targets: "tty:" + terminal}}
	o.still = func() error {
		_, err := writeTo(ctx, w, compat.Write{User: line.User, Terminal: terminal})
		return err
	}
	code, err = sendAs(ctx, w, o)
	if code == exitInterrupted {
		code = exitFailed
	}
	return code, err
}

// canAnswer refuses to write from a terminal that nobody could write back to.
func canAnswer(ctx context.Context, w world) error {
	own, err := mine.Find(w.stdin, w.stdout, w.stderr)
	if err != nil {
		return nil // from cron, or at a terminal of another container
	}
	defer own.Close()
	if w.me.UID != 0 && !w.verdictOn(ctx, own).On {
		return wrong(`"mesg y" turns it on`, "you have write permission turned off")
	}
	return nil
}

// writeTo tells which terminal is written to.
func writeTo(ctx context.Context, w world, line compat.Write) (string, error) {
	picture, err := w.here.Picture(ctx)
	if err != nil {
		return "", err
	}
	user, err := w.here.Accounts.User(ctx, line.User)
	if errors.Is(err, accounts.ErrUnknown) {
		err = fmt.Errorf("%s is not logged in", line.User)
	}
	if err != nil {
		return "", err
	}
	if line.Choose {
		return choose(ctx, w, picture, user.UID, line.User)
	}
	t := picture.Find(line.Terminal)
	switch {
	case t == nil || t.Owner != user.UID || !t.InUse():
		if doubt := delivery.Doubt(picture, user.UID, t); t != nil && doubt != "" {
			return "", fmt.Errorf("%s on %s: %s", line.User, line.Terminal, doubt)
		}
		return "", fmt.Errorf("%s is not logged in on %s", line.User, line.Terminal)
	case !w.writable(ctx, picture)(t):
		return "", fmt.Errorf("%s has messages disabled on %s", line.User, line.Terminal)
	}
	return t.Name, nil
}

// choose takes, of the places where somebody looks and has messages on, the one that had
// input last; one's own screen only where there is no other.
func choose(ctx context.Context, w world, p sessions.Picture, uid uint32, user string) (string, error) {
	others, err := w.here.Choose(ctx, w.me, p, message.Request{Targets: []target.Target{{Kind: target.Everyone}}})
	if err != nil {
		return "", err
	}
	writable := w.writable(ctx, p)
	isTheirs := func(t *sessions.Terminal) bool { return t.Owner == uid && writable(t) }
	var open []*sessions.Terminal
	for _, place := range others.Places {
		if isTheirs(place.Terminal) {
			open = append(open, place.Terminal)
		}
	}
	if len(open) == 0 {
		return own(ctx, w, p, uid, user)
	}
	latest := slices.MaxFunc(open, func(a, b *sessions.Terminal) int {
		return cmp.Or(a.LastInput.Compare(b.LastInput), cmp.Compare(b.Name, a.Name))
	})
	if len(open) > 1 {
		w.warn("%s is logged in more than once; writing to %s", text.Name(user), latest.Name)
	}
	return latest.Name, nil
}

// own is one's own terminal, for who writes to themselves and is logged in nowhere else.
func own(ctx context.Context, w world, p sessions.Picture, uid uint32, user string) (string, error) {
	problem := " is not logged in"
	if doubt := delivery.Doubt(p, uid, nil); doubt != "" {
		problem = ": " + doubt
	}
	for i := range p.Terminals {
		t := &p.Terminals[i]
		if !t.InUse() || t.Owner != uid {
			continue
		}
		problem = " has messages disabled"
		if t.Device == w.me.Self.Terminal && w.writable(ctx, p)(t) {
			return t.Name, nil
		}
	}
	return "", errors.New(user + problem)
}

// writable returns a function that tells whether a message of the user's would come to a terminal.
func (w world) writable(ctx context.Context, p sessions.Picture) func(*sessions.Terminal) bool {
	judge := w.judge(ctx, p)
	return func(t *sessions.Terminal) bool { return w.me.UID == 0 || judge(t).On }
}

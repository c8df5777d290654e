package main

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"msg/internal/accounts"
	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/tty/mine"
)

// takeBack is the value of --everywhere that has a user have said nothing.
const takeBack = "default"

// check refuses flags that don't go together.
func (c *mesgCmd) check() error {
	switch {
	case c.Everywhere != "" && c.Messages != "":
		return wrong(`"msg mesg `+c.Messages+`" is for this terminal, "msg mesg --everywhere `+string(c.Everywhere)+`" for all of yours`,
			"this terminal and all terminals at once")
	case c.For != 0 && c.Everywhere == "":
		return wrong(`"msg mesg --everywhere n --for 1h" is for all your terminals`, "--for goes with --everywhere")
	}
	return nil
}

// sayEverywhere says it for all the user's terminals. Its exit status is no answer: a no that
// is kept is a success.
func (c *mesgCmd) sayEverywhere(ctx context.Context, w world) error {
	word, err := c.word(ctx, w)
	if err != nil {
		return err
	}
	if w.words.say == nil {
		return errNotKept
	}
	if err := w.words.say(ctx, word); err != nil {
		return notKept(err)
	}
	own, err := mine.Find(w.stdin, w.stdout, w.stderr)
	if err == nil {
		defer own.Close()
	} else {
		own = nil // it is not needed
	}
	state, err := w.mesgState(ctx, own)
	if err != nil {
		w.complain(err) // it is kept all the same
	}
	if own != nil && word.Say == consent.Yes && !state.verdict.On {
		w.complain(hinted{errors.New("messages stay off here: " + state.verdict.Words()), `"msg mesg y" switches them on`})
	}
	return ended(exitOK, c.show(w, state))
}

// notKept is an error for the exit status of what can't be changed.
func notKept(err error) error {
	if errors.As(err, new(*message.Refusal)) {
		return err
	}
	return wrong("", "%v", err)
}

// word returns what the user says for all terminals.
func (c *mesgCmd) word(ctx context.Context, w world) (word consent.Word, err error) {
	switch value := string(c.Everywhere); value {
	case "y", "yes":
		word.Say = consent.Yes
	case "n", "no":
		word.Say = consent.No
	case takeBack:
	default:
		word.Say = consent.Yes
		word.Only, err = w.senders(ctx, value)
	}
	if c.For != 0 {
		word.Until = w.here.Now().Add(time.Duration(c.For))
	}
	return word, err
}

// senders reads the names of those that a user lets in. All of them must be known: a mistyped
// name would keep somebody out, and nobody would see.
func (w world) senders(ctx context.Context, names string) ([]string, error) {
	var all []string
	for name := range strings.SplitSeq(names, ",") {
		bare, _ := strings.CutPrefix(name, "user:") // for a user who is called as an answer is
		if err := (consent.Word{Say: consent.Yes, Only: []string{bare}}).Check(); err != nil {
			return nil, wrong("y, n, "+takeBack+", or users and %groups: msg mesg --everywhere bob,%ops", "--everywhere: %v", err)
		}
		known, err := w.mustKnow(ctx, bare)
		if err != nil {
			return nil, err
		}
		all = append(all, known)
	}
	if len(all) > consent.MostNames {
		return nil, wrong("a %group counts once", "--everywhere takes %d names at most", consent.MostNames)
	}
	return all, nil
}

// mustKnow returns the name of a user or a %group as the account itself has it: a directory
// service may know it by others. It fails if there is no such account.
func (w world) mustKnow(ctx context.Context, name string) (string, error) {
	group, isGroup := strings.CutPrefix(name, "%")
	kind, bare, known := "user", name, name
	var err error
	_, notNumber := strconv.ParseUint(group, 10, 32)
	switch {
	case strings.HasPrefix(name, "uid:"), isGroup && notNumber == nil:
		return name, nil // by number: a directory service may be out of reach
	case isGroup:
		var g accounts.Group
		kind, bare = "group", group
		g, err = w.here.Accounts.Group(ctx, bare)
		known = "%" + g.Name
	default:
		var u accounts.User
		u, err = w.here.Accounts.User(ctx, bare)
		known = u.Name
	}
	if errors.Is(err, accounts.ErrUnknown) {
		return "", wrong("", "unknown %s %q", kind, bare)
	}
	return known, err
}

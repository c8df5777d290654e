package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"msg/internal/answers"
	"msg/internal/answers/ask"
	"msg/internal/message"
	"msg/internal/text"
	"msg/internal/window"
)

// behindSudo is for whom root answers: who has logged in, whom the message may have asked.
func behindSudo(w world) *uint32 {
	if self := w.me.Self; w.me.UID == 0 && self.LoggedIn && self.LoginUID != 0 {
		return &self.LoginUID
	}
	return nil
}

func checkCode(code string) error {
	if answers.IsCode(strings.ToLower(code)) {
		return nil
	}
	return wrong(`the last line of a message that waits has its code, as in "msg ok k7m"; "msg ok" alone answers the newest`, "%q is no code of a message", code)
}

// give gives an answer to the message of that code, or to the newest that waits for it.
func give(ctx context.Context, w world, code string, a answers.Answer) error {
	dir := pending(w)
	a.For = behindSudo(w)
	named := code != ""
	if !named {
		var err error
		if code, err = newest(ctx, dir, a.For); err != nil {
			return err
		}
	} else if err := checkCode(code); err != nil {
		return err
	}
	m, err := ask.Send(ctx, dir, strings.ToLower(code), a)
	if err != nil {
		return notGiven(ctx, w, code, err)
	}
	if named && !window.IsTerminal(w.stdout) {
		return nil
	}
	_, err = fmt.Fprintln(w.stdout, given(m, a.Kind, window.Width(w.stdout)))
	return err
}

// pending is where messages wait.
func pending(w world) string { return w.here.Pending }

// notGiven says why an answer was not taken.
func notGiven(ctx context.Context, w world, code string, err error) error {
	var refused *ask.Refused
	switch {
	case errors.Is(err, answers.ErrNobody):
		clearPending(w, pending(w))
		return fmt.Errorf("nobody waits for an answer to %s any more", code)
	case errors.As(err, &refused):
		return hinted{fmt.Errorf("%s: %s", code, refused.Problem), otherSelf(ctx, w)}
	}
	return fmt.Errorf("%s: %w", code, err)
}

// newest is the code of the message to answer.
func newest(ctx context.Context, dir string, whom *uint32) (string, error) {
	found, err := ask.Waiting(ctx, dir, whom)
	if i := slices.IndexFunc(found, func(m answers.Message) bool { return !m.Answered }); i >= 0 {
		return found[i].Code, nil
	}
	switch {
	case errors.Is(err, ask.ErrBusy):
		return "", errors.New("some messages that wait do not say whether they are yours; name the code, or try again")
	case err != nil:
		return "", err
	case len(found) > 0:
		return "", fmt.Errorf("you have answered what waits for you: %s of %s", found[0].Code, text.Name(found[0].From))
	}
	return "", errors.New("nobody waits for an answer of yours, or not any more")
}

// given says what was answered, in one line of the window.
func given(m answers.Message, kind message.Answer, columns int) string {
	question, more, _ := strings.Cut(text.Clean(m.Text), "\n")
	if more != "" {
		question += " …"
	}
	line := fmt.Sprintf("%s to %s (%s): %s", kind, text.Name(m.From), m.Code, question)
	if columns > 0 {
		line = window.Truncate(line, columns)
	}
	return line
}

// otherSelf is a hint for who has become somebody else by su or sudo: it is the other whom
// the message may have asked.
func otherSelf(ctx context.Context, w world) string {
	self := w.me.Self
	if !self.LoggedIn || self.LoginUID == w.me.UID || w.me.UID == 0 {
		return ""
	}
	name := func(uid uint32) string { return cmp.Or(w.here.Accounts.Name(ctx, uid), fmt.Sprint("uid ", uid)) }
	return fmt.Sprintf("you are %s here; a message to %s is answered by %s", name(w.me.UID), name(self.LoginUID), name(self.LoginUID))
}

// clearPending removes what killed messages left behind, if root asks. Else msgd does, before
// its next message that waits.
func clearPending(w world, dir string) {
	if w.me.UID == 0 {
		_ = answers.Clear(dir) // else the next message does it
	}
}

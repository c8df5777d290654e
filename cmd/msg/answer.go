package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"msg/internal/answers"
	"msg/internal/client"
	"msg/internal/message"
	"msg/internal/text"
	"msg/internal/window"
)

type okCmd struct {
	Code string `arg:"" optional:"" help:"The code in the last line of the message; the newest message that waits for you where it is left out." completion-predictor:"codes"`
}

type replyCmd struct {
	Code string `arg:"" help:"The code in the last line of the message." completion-predictor:"codes"`
	Text []word `arg:"" optional:"" passthrough:"partial" help:"The reply. Without it, it is read from standard input."`
}

// Validate has kong refuse a reply to no message.
func (replyCmd) Validate(ctx *kong.Context) error {
	return required(ctx, "no code", `msg reply k7m "Give me ten minutes": the code is in the message's last line`)
}

// Help is shown by msg ok --help.
func (okCmd) Help() string {
	return `Examples:
  msg ok                             yes to the newest message that waits for you
  msg ok k7m                         yes to the message whose last line says k7m

Exit status: 0 who asks has the answer, 1 nobody waits for it any more, or it was not asked of you.`
}

// Run acknowledges a message.
func (c *okCmd) Run(ctx context.Context, w world) error {
	return give(ctx, w, c.Code, answers.Answer{Kind: message.OK})
}

// Help is shown by msg reply --help.
func (replyCmd) Help() string {
	return `Examples:
  msg reply k7m Give me ten minutes  a reply to the message whose last line says k7m
  uptime | msg reply k7m             the reply from standard input

A reply has at most 4 KiB and 50 lines. Exit status: 0 who asks has the reply, 1 nobody
waits for it any more, or it was not asked of you.`
}

// Run replies to a message.
func (c *replyCmd) Run(ctx context.Context, w world) error {
	if err := checkCode(c.Code); err != nil {
		return err
	}
	if len(behindDashes(c.Text)) == 0 && window.IsTerminal(w.stdin) { // not to be typed in vain
		m, err := answers.Read(ctx, pending(w), strings.ToLower(c.Code), behindSudo(w))
		if err != nil {
			return notGiven(ctx, w, c.Code, err)
		}
		fmt.Fprintln(w.stderr, given(m, "reply", window.Width(w.stderr)))
	}
	reply, err := written(c.Text, w, "the reply", answers.MaxText)
	if err != nil {
		return err
	}
	reply = strings.TrimRight(reply, "\n")
	if err := answers.CheckReply(reply); err != nil {
		return client.Refused(err)
	}
	return give(ctx, w, c.Code, answers.Answer{Kind: message.Reply, Text: reply})
}

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
	m, err := answers.Send(ctx, dir, strings.ToLower(code), a)
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
	var refused *answers.Refused
	switch {
	case errors.Is(err, answers.ErrNobody):
		clearPending(ctx, w, pending(w))
		return fmt.Errorf("nobody waits for an answer to %s any more", code)
	case errors.As(err, &refused):
		return hinted{fmt.Errorf("%s: %s", code, refused.Problem), otherSelf(ctx, w)}
	}
	return fmt.Errorf("%s: %w", code, err)
}

// newest is the code of the message to answer.
func newest(ctx context.Context, dir string, whom *uint32) (string, error) {
	found, err := answers.Waiting(ctx, dir, whom)
	if i := slices.IndexFunc(found, func(m answers.Message) bool { return !m.Answered }); i >= 0 {
		return found[i].Code, nil
	}
	switch {
	case errors.Is(err, answers.ErrBusy):
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
		line = text.Truncate(line, columns)
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

// clearTime is more than it takes to remove what nobody listens at.
const clearTime = 2 * time.Second

// clearPending has what killed messages left behind removed, by root or the helper.
func clearPending(ctx context.Context, w world, dir string) {
	if w.me.UID == 0 {
		_, _ = answers.Clear(dir, 0)
		return
	}
	if path := client.Find(); path != "" {
		ctx, cancel := context.WithTimeout(ctx, clearTime)
		defer cancel()
		_ = exec.CommandContext(ctx, path, "clear").Run() // else the next message does it
	}
}

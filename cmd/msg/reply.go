package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"msg/internal/answers"
	"msg/internal/answers/ask"
	"msg/internal/client"
	"msg/internal/message"
	"msg/internal/window"
)

type replyCmd struct {
	Code string `arg:"" help:"The code in the last line of the message." completion-predictor:"codes"`
	Text []word `arg:"" optional:"" passthrough:"partial" help:"The reply. Without it, it is read from standard input."`
}

// Validate has kong refuse a reply to no message.
func (replyCmd) Validate(ctx *kong.Context) error {
	return required(ctx, "no code", `msg reply k7m "Give me ten minutes": the code is in the message's last line`)
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
		m, err := ask.Read(ctx, pending(w), strings.ToLower(c.Code), behindSudo(w))
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

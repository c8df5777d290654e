package main

import (
	"context"

	"msg/internal/answers"
	"msg/internal/message"
)

type okCmd struct {
	Code string `arg:"" optional:"" help:"The code in the last line of the message; the newest message that waits for you where it is left out." completion-predictor:"codes"`
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

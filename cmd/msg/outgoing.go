package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"

	"msg/internal/client"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/window"
)

// outgoing is a message as a command line asks for it: msg's, wall's, write's, net send's.
type outgoing struct {
	client.Message
	text                 source
	quiet, verbose, json bool

	// still is what has to hold when the text is there; nil for nothing.
	still func() error
}

// report returns the options of a report on the message.
func (o outgoing) report(w world, hosts []string) report.Options {
	options := w.report(hosts)
	options.Waits = o.Options.Wait && !o.Options.DryRun
	options.Quiet, options.Verbose, options.JSON = o.quiet, o.verbose, o.json
	return options
}

// dispatch finds out what each host gets.
func (o outgoing) dispatch(ctx context.Context, c *client.Client) (*client.Dispatch, error) {
	r, err := c.Request(o.Message)
	if err != nil {
		return nil, err
	}
	if !o.NamesHosts(r) {
		return c.Dispatch(ctx, o.Message, r)
	}
	ctx, stop := interruptible(ctx) // a domain's command may run
	d, err := c.Dispatch(ctx, o.Message, r)
	if stop() {
		err = exit(exitInterrupted)
	}
	return d, err
}

// send sends it. Its error tells the exit status, too.
func (o outgoing) send(ctx context.Context, w world) error {
	d, err := o.dispatch(ctx, w.client())
	if err != nil {
		return err
	}
	out := report.New(o.report(w, d.Hosts()))
	text, typing, err := o.read(ctx, w, d, out)
	if typing != nil {
		defer forget(w, typing)
	}
	if err == nil && o.still != nil {
		err = o.still()
	}
	if err != nil {
		return err
	}
	return o.carryOut(ctx, w, d, text, typing, out)
}

// carryOut sends the text, until an interrupt, and tells what became of it.
func (o outgoing) carryOut(ctx context.Context, w world, d *client.Dispatch, text string, typing *client.Typing, out *report.Report) error {
	ctx, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	out.Interrupted = func() bool { return ctx.Err() != nil }
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	out.GiveUp = giveUp
	var lines *message.Lines
	if typing != nil {
		out.Keyboard, lines = typing, typing.Lines
	}
	defer redrawn(out)()
	if err := d.Send(waiting, text, lines, out); err != nil {
		out.Abandon()
		return o.misspelt(w, err)
	}
	err := out.End()
	return ended(out.Status(), err)
}

// read returns the text. Of what is typed at a terminal, that is the first line; nobody types
// one in vain.
func (o outgoing) read(ctx context.Context, w world, d *client.Dispatch, out *report.Report) (string, *client.Typing, error) {
	switch {
	case !o.text.isTyped() || !window.IsTerminal(w.stdin):
		text, err := o.text.read(w)
		return text, nil, err
	case o.Options.DryRun:
		return client.ToBeTyped, nil, nil
	}
	whom, err := o.anybody(ctx, w, d, out)
	if err != nil {
		return "", nil, err
	}
	fmt.Fprintf(w.stderr, "Type the message%s; each line goes out at Enter. Ctrl-D on a line of its own ends it.\n", whom)
	typing, first, err := client.StartTyping(w.stdin)
	return first, typing, err
}

// anybody tells to whom a message on this host would go. If there is nobody, it shows why,
// and its error has the exit status.
func (o outgoing) anybody(ctx context.Context, w world, d *client.Dispatch, out *report.Report) (string, error) {
	if d.Away {
		return "", nil
	}
	reached, all, err := d.Reaches(ctx)
	if err != nil {
		return "", o.misspelt(w, err)
	}
	if len(reached) > 0 {
		return " to " + report.Names(reached, window.Width(w.stdout)), nil
	}
	for _, result := range all {
		out.Result(result)
	}
	err = out.End()
	if err = ended(out.Status(), err); err == nil {
		err = exit(exitOK)
	}
	return "", err
}

// misspelt adds a hint if the user meant a command, not a message.
func (o outgoing) misspelt(w world, err error) error {
	var refused *message.Refusal
	if near := w.didYouMean(o.Targets); near != "" && len(o.text.words) == 0 && errors.As(err, &refused) && refused.Hint == "" {
		refused.Hint = near
	}
	return err
}

// forget has the terminal forget what was typed and is not wanted any more: a shell would take
// it for commands.
func forget(w world, typing *client.Typing) {
	if typing.Typing() {
		flushInput(w.stdin)
	}
}

package main

import (
	"fmt"
	"io"

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
var version = "0.2.0-dev"

// cli is everything that can be typed. A first word that is none of the
// commands is a target: send is the default.
type cli struct {
	Send       sendCmd       `cmd:"" default:"withargs" help:"Send a message. The default: msg TARGETS TEXT."`
	OK         okCmd         `cmd:"" name:"ok" help:"Acknowledge a message that waits for an answer."`
	Reply      replyCmd      `cmd:"" help:"Reply to a message that waits for an answer."`
	Countdown  countdownCmd  `cmd:"" help:"Send a message now and again as a time comes nearer."`
	Sessions   sessionsCmd   `cmd:"" help:"Show who is logged in, where, and whether messages reach them."`
	Hosts      hostsCmd      `cmd:"" help:"Show what lists of hosts come to."`
	Name       nameCmd       `cmd:"" help:"Show and change aliases: names for targets."`
	Net        netCmd        `cmd:"" help:"Take the command lines of Windows' net send and net name."`
	Mesg       mesgCmd       `cmd:"" help:"Show or set whether messages come to this terminal."`
	Doctor     doctorCmd     `cmd:"" help:"Check what is installed, what would not work, and what to do about it."`
	Shutdown   shutdownCmd   `cmd:"" hidden:"" name:"shutdown-notice" help:"Count down to a shutdown that is scheduled: what systemd runs."`
	Helper     helperCmd     `cmd:"" hidden:"" help:"Deliver what msg on another host sends: what ssh runs."`
	Completion completionCmd `cmd:"" help:"Print the code that completes msg's command line in a shell."`

	Version versionFlag `help:"Show the version."`

	shown bool // --help or --version, and that is all there is to do
}

// versionFlag is kong's, but for a --help in front of it, which has shown enough.
type versionFlag bool

// BeforeReset shows the version.
func (versionFlag) BeforeReset(app *kong.Kong, tree *cli) error {
	if !tree.shown {
		fmt.Fprintln(app.Stdout, "msg "+version)
	}
	app.Exit(exitOK)
	return nil
}

// usage stands in the place of kong's own line, which cannot tell that send is
// the default.
const usage = `Usage: msg [flags] TARGETS [TEXT ...]
       msg COMMAND [flags]

`

const description = `Sends messages to the terminals of people who are logged in, and says who was reached.

Exit status: 0 everyone was reached, 1 somebody was not, 2 the command line or the message is wrong and nothing was sent, 3 not everybody answered in time.`

func newParser(tree *cli, w world) (*kong.Kong, error) {
	return kong.New(tree,
		kong.Name("msg"),
		kong.Description(description),
		kong.Writers(w.stdout, w.stderr),
		kong.Bind(tree),
		kong.Exit(func(int) { tree.shown = true }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(func(options kong.HelpOptions, ctx *kong.Context) error {
			if tree.shown {
				return nil
			}
			return help(options, ctx)
		}),
	)
}

func help(options kong.HelpOptions, ctx *kong.Context) error {
	if ctx.Selected() == nil {
		options.NoAppSummary = true
		if _, err := io.WriteString(ctx.Stdout, usage); err != nil {
			return err
		}
	}
	return kong.DefaultHelpPrinter(options, ctx)
}

package main

import (
	"context"
	"time"

	"github.com/alecthomas/kong"

	"msg/internal/client"
	"msg/internal/message"
)

// sending is what can be said of every message.
type sending struct {
	Targets word   `arg:"" help:"Who gets the message: user, %group, * for everyone, a terminal (pts/3), a session's id, @FILE with targets; several with commas. bob@web1 is bob on another host." completion-predictor:"targets"`
	Text    []word `arg:"" optional:"" passthrough:"partial" help:"The message. Without it, it is read from -f FILE or from standard input."`

	Server   named  `short:"s" placeholder:"HOSTS" help:"Send to other hosts, by ssh: web1, web[01-40], @DOMAIN, @./FILE; several with commas." completion-predictor:"hosts"`
	Domain   named  `short:"d" placeholder:"NAME" help:"Send to the hosts of a domain of msg.conf(5)." completion-predictor:"domains"`
	FanOut   int    `name:"fanout" placeholder:"N" help:"How many hosts at once (default 32; 10 through one jump host)."`
	Push     bool   `help:"Send msgd along to hosts that have no msg, for a login as root; nothing of it stays there."`
	File     string `short:"f" placeholder:"FILE" help:"Read the message from FILE." completion-predictor:"file"`
	Except   string `short:"x" placeholder:"TARGETS" help:"Leave these out." completion-predictor:"targets"`
	All      bool   `name:"all-terminals" short:"a" help:"Send to every terminal of theirs, not to one for each screen that they look at."`
	NoBanner bool   `short:"n" help:"Leave out the line that says who sends (root)."`
	Polite   bool   `help:"As root, too, leave those alone who have messages off."`
	DryRun   bool   `short:"N" help:"Find and check the terminals, but write nothing."`
	Verbose  bool   `short:"v" xor:"talk" help:"Say where the message went, a line for each terminal."`
	Quiet    bool   `short:"q" xor:"talk,form" help:"Print nothing about what was reached; the exit status tells."`
	JSON     bool   `name:"json" xor:"form" help:"Print each result as a line of JSON, and a summary last."`
}

type sendCmd struct {
	sending

	Wait bool     `short:"w" help:"Wait until everyone who has the message has answered it, with msg ok or msg reply."`
	Time duration `short:"t" placeholder:"DURATION" help:"How long to wait for answers with --wait (default: until Ctrl-C); without it, how long a terminal may take for the message (default 5s). Such as 10s, 5m, or a number of seconds."`
}

// Help is shown by msg send --help.
func (sendCmd) Help() string {
	return `Examples:
  msg bob "Lunch at one?"            to bob, on each screen where he is
  msg '*' "Reboot in ten minutes."   to everyone but this screen
  msg %ops,alice "Disk is full."     to the members of ops, and alice
  msg pts/3 "Still there?"           to one terminal
  df -h | msg root                   the message from standard input
  msg '*' -x bob -f notice.txt       the message from a file; not to bob
  msg bob -- --help is a flag        a text that begins with a dash
  msg bob                            a conversation: each line goes out as you type it
  msg --wait -t 5m bob "Restart?"    and wait until bob answers, five minutes at most

On other hosts, which ssh has to reach:
  msg bob@web1 "Lunch at one?"       to bob on web1
  msg -s 'web[01-40]' '*' "Reboot."  to everyone on forty hosts
  msg -d lab %ops -f notice.txt      on the hosts of a domain of msg.conf(5)`
}

// Validate has kong refuse a message to nobody.
func (sendCmd) Validate(ctx *kong.Context) error { return noTarget(ctx) }

func noTarget(ctx *kong.Context) error {
	return required(ctx, "no target", `msg bob "Lunch at one?" sends to bob; "msg --help" shows the rest`)
}

// Run sends. The exit status tells whether everyone was reached.
func (c *sendCmd) Run(ctx context.Context, w world) error {
	o := c.outgoing(c.Time)
	if o.Options.Wait = c.Wait; c.Wait {
		o.Options.Time, o.Options.AnswerTime = min(o.Options.Time, message.Patience), o.Options.Time
	}
	return o.send(ctx, w)
}

// outgoing is the message that the flags ask for. A terminal may take so long for it.
func (s sending) outgoing(patience duration) outgoing {
	return outgoing{
		Message: client.Message{
			Targets: string(s.Targets), Except: s.Except, Server: string(s.Server), Domain: string(s.Domain), FanOut: s.FanOut, Push: s.Push,
			Options: message.Request{
				NoBanner: s.NoBanner, Polite: s.Polite, DryRun: s.DryRun, AllTerminals: s.All, Time: time.Duration(patience),
			},
		},
		text:  source{s.Text, s.File},
		quiet: s.Quiet, verbose: s.Verbose, json: s.JSON,
	}
}

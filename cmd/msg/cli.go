package main

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/alecthomas/kong"
)

// version is set when a release is built.
var version = "0.1.0-dev"

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

	Version kong.VersionFlag `help:"Show the version."`
}

// sending is what can be said of every message.
type sending struct {
	Targets word   `arg:"" help:"Who gets the message: user, %group, * for everyone, a terminal (pts/3), a session's id, @FILE with targets; several with commas. bob@web1 is bob on another host." completion-predictor:"targets"`
	Text    []word `arg:"" optional:"" passthrough:"partial" help:"The message. Without it, it is read from -f FILE or from standard input."`

	Server   named  `short:"s" placeholder:"HOSTS" help:"Send to other hosts, by ssh: web1, web[01-40], @DOMAIN, @./FILE; several with commas." completion-predictor:"hosts"`
	Domain   named  `short:"d" placeholder:"NAME" help:"Send to the hosts of a domain of msg.conf(5)." completion-predictor:"domains"`
	FanOut   int    `name:"fanout" placeholder:"N" help:"How many hosts at once (default 32; 10 through one jump host)."`
	Push     bool   `help:"Send the helper along to hosts that have no msg, for a login as root; nothing of it stays there."`
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

	still func() error // what is to hold when the text is there

	Wait bool     `short:"w" help:"Wait until everyone who has the message has answered it, with msg ok or msg reply."`
	Time duration `short:"t" placeholder:"DURATION" help:"How long to wait for answers with --wait (default: until Ctrl-C); without it, how long a terminal may take for the message (default 5s). Such as 10s, 5m, or a number of seconds."`
}

type countdownCmd struct {
	Until    string `required:"" short:"u" placeholder:"TIME" help:"When it is: 22:00, '2026-12-24 22:00', or +10m from now."`
	At       string `placeholder:"TIMES" help:"When to send again, as times before the end: 60m,30m,10m (default: those of 24h, 12h, 3h, 60m, 30m, 10m, 5m and 1m that are to come)."`
	NoCancel bool   `help:"Do not send that it is cancelled when the countdown is ended by Ctrl-C or SIGTERM."`
	NoNotice bool   `help:"Leave no notice for those who log in later, as root's countdown to everyone does."`
	sending

	Time duration `short:"t" placeholder:"DURATION" help:"How long a terminal may take for the message (default 5s)."`
}

type shutdownCmd struct {
	Verbose bool `short:"v" help:"Say where each warning went."`
}

type okCmd struct {
	Code string `arg:"" optional:"" help:"The code in the last line of the message; the newest message that waits for you where it is left out." completion-predictor:"codes"`
}

type replyCmd struct {
	Code string `arg:"" help:"The code in the last line of the message." completion-predictor:"codes"`
	Text []word `arg:"" optional:"" passthrough:"partial" help:"The reply. Without it, it is read from standard input."`
}

type sessionsCmd struct {
	Targets string `arg:"" optional:"" help:"Whom to show; everyone where it is left out." completion-predictor:"targets"`
	All     bool   `name:"all-terminals" short:"a" help:"Show every terminal, below the one that shows it, and not only where people look."`
	Verbose bool   `short:"v" help:"Say which sources could not be read."`
	JSON    bool   `name:"json" help:"Print an array of JSON objects."`
}

type hostsCmd struct {
	Exprs []string `arg:"" optional:"" name:"expr" help:"Hosts, such as 'web[01-40],db1', @DOMAIN or @./FILE; from standard input where it is left out. At a terminal, that shows the domains." completion-predictor:"hosts"`
	Fold  bool     `short:"f" xor:"form" help:"Print them as one short list."`
	Count bool     `short:"c" xor:"form" help:"Print how many there are."`
	JSON  bool     `name:"json" xor:"form" help:"Print an array of JSON strings."`
}

type nameCmd struct {
	Name    named `arg:"" optional:"" help:"The alias, or a domain; all of them where it is left out." completion-predictor:"aliases"`
	Targets named `arg:"" optional:"" help:"With --add, whom it stands for; yourself where that is left out." completion-predictor:"targets"`

	Add    bool `xor:"change" help:"Make it an alias, or have it stand for others than it did."`
	Delete bool `xor:"change" help:"Take the alias away."`
	System bool `help:"Change the system's aliases, which everyone has, and not your own."`
	JSON   bool `name:"json" help:"Print an array of JSON objects."`
}

type netCmd struct {
	Args []word `arg:"" optional:"" passthrough:"" help:"send and whom to send what, or name." completion-predictor:"none"`
}

type mesgCmd struct {
	Messages string `arg:"" optional:"" default:"" enum:"y,n,yes,no," help:"y switches messages on, n off; without it, say how it is."`
	Verbose  bool   `short:"v" xor:"form" help:"Say in words how it is."`
	JSON     bool   `name:"json" xor:"form" help:"Print a JSON object."`
}

type doctorCmd struct {
	JSON bool `name:"json" help:"Print an array of JSON objects."`
}

type helperCmd struct{}

type completionCmd struct {
	Shell string  `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
	Line  *string `hidden:"" name:"line" placeholder:"LINE" help:"Print how a line can go on: what that code asks."`
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
		kong.Vars{"version": "msg " + version},
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 100}),
		kong.Help(help),
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

// word is one word that the user typed, byte for byte: the targets, or a part of the text. kong
// passes a string through JSON, which has no place for bytes that are not UTF-8.
type word string

// Decode takes the next word, whatever it begins with: kong hands over arguments only.
func (w *word) Decode(ctx *kong.DecodeContext) error {
	*w = word(fmt.Sprint(ctx.Scan.Pop().Value))
	return nil
}

// named is a value that names something: an empty one comes of a mistake, as a variable that is
// not set, and must not stand for none.
type named string

// Decode reads the word that follows the flag.
func (n *named) Decode(ctx *kong.DecodeContext) error {
	var word string
	if err := ctx.Scan.PopValueInto("name", &word); err != nil {
		return err
	}
	if *n = named(word); word == "" {
		return errors.New("it is empty; is a variable not set?")
	}
	return nil
}

// duration is a time.Duration in which a bare number means seconds.
type duration time.Duration

// Decode reads the word that follows the flag.
func (d *duration) Decode(ctx *kong.DecodeContext) error {
	var word string
	if err := ctx.Scan.PopValueInto("duration", &word); err != nil {
		return err
	}
	v, err := parseDuration(word)
	*d = duration(v)
	return err
}

func parseDuration(word string) (time.Duration, error) {
	v, err := time.ParseDuration(word)
	if seconds, numErr := strconv.ParseUint(word, 10, 31); numErr == nil {
		v, err = time.Duration(seconds)*time.Second, nil
	}
	if err != nil || v <= 0 {
		return 0, fmt.Errorf("%q is no duration; 10, 10s and 2m are", word)
	}
	return v, nil
}

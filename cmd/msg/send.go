package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"syscall"
	"time"

	"msg/internal/addressbook"
	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/target"
	"msg/internal/text"
)

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

// Run sends. The status tells whether everyone was reached.
func (c *sendCmd) Run(ctx context.Context, w world, status *int) error {
	request, err := c.request(w)
	if err != nil {
		return err
	}
	parts, away, err := c.expanded(ctx, w, request)
	if errors.Is(err, errInterrupted) {
		*status = exitInterrupted
		return nil
	}
	if err != nil {
		return err
	}
	request = parts[0].Request // all there is, where no host is named
	if away {
		if err := c.ways(ctx, w, parts); err != nil {
			return err
		}
	}
	out := c.reporter(w, parts, away)
	atKeyboard := c.typed() && isTerminal(w.stdin)
	whom := ""
	if atKeyboard && !away && !c.DryRun {
		if whom, err = c.anybody(ctx, w, request, out); err != nil || whom == "" {
			*status = out.status()
			return c.mistyped(w, err)
		}
	}
	if err := c.fill(w, parts, atKeyboard, whom, out); err != nil {
		return err
	}
	defer func() { out.typing.drop(w) }()
	if c.still != nil {
		if err := c.still(); err != nil {
			return err
		}
	}
	ctx, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	out.interrupted = func() bool { return ctx.Err() != nil }
	waiting, giveUp := context.WithCancel(ctx)
	defer giveUp()
	out.giveUp = giveUp
	defer out.continued()()
	if err := c.send(waiting, w, parts, away, out); err != nil {
		out.abandon()
		return c.mistyped(w, err)
	}
	err = out.end()
	*status = out.status()
	return err
}

// fill puts the text into each part; of what is typed to whom, its first line, and how the
// others come.
func (c *sendCmd) fill(w world, parts []remote.Part, atKeyboard bool, whom string, out *reporter) (err error) {
	var words string
	switch {
	case atKeyboard && c.DryRun:
		words = toBeTyped
	case atKeyboard:
		if out.typing, words, err = startTyping(w, whom); err == nil {
			out.typing.begin()
		}
	default:
		words, err = c.text(w)
	}
	for i := range parts {
		parts[i].Request.Text, parts[i].Request.Typed = words, out.typing != nil
	}
	return err
}

var errInterrupted = errors.New("interrupted")

// expanded is parts, which may run a domain's command; that ends with an interrupt.
func (c *sendCmd) expanded(ctx context.Context, w world, r message.Request) ([]remote.Part, bool, error) {
	onHost := func(t target.Target) bool { return t.Hosts != "" }
	if c.Server == "" && c.Domain == "" && !slices.ContainsFunc(slices.Concat(r.Targets, r.Except), onHost) {
		return c.parts(ctx, w, r) // nothing is run for that
	}
	ctx, stop := interruptible(ctx)
	parts, away, err := c.parts(ctx, w, r)
	if stop() {
		err = errInterrupted
	}
	return parts, away, err
}

// interruptible is a context that ends with an interrupt, until stop, which reports whether
// there was one. One that comes as it is called is not lost, as signal.NotifyContext has it.
func interruptible(ctx context.Context) (_ context.Context, stop func() bool) {
	ctx, cancel := context.WithCancelCause(ctx)
	come, seen := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(come, interrupts()...)
	go func() {
		defer close(seen)
		for range come {
			cancel(errInterrupted)
		}
	}()
	return ctx, func() bool {
		signal.Stop(come) // from here on nothing comes any more
		close(come)
		<-seen
		cancel(nil)
		return errors.Is(context.Cause(ctx), errInterrupted)
	}
}

// mostStaying is how many hosts a message may stay at: for each there is an ssh at work.
const mostStaying = 1000

// send sends through this host's door alone, or to each host by its way.
func (c *sendCmd) send(ctx context.Context, w world, parts []remote.Part, away bool, out *reporter) error {
	if !away {
		return w.door.Send(ctx, parts[0].Request, out.typing.typed(), out.result)
	}
	if err := message.CheckText(parts[0].Request.Text); err != nil {
		return err
	}
	if out.stays() && len(parts) > mostStaying {
		return &message.Refusal{Problem: fmt.Sprintf("%d hosts; answers of %d at most can be waited for", len(parts), mostStaying)}
	}
	debug.SetGCPercent(often)
	fanOut := remote.Usual
	if c.FanOut != 0 {
		fanOut = remote.FanOut{Hosts: c.FanOut, Via: c.FanOut}
	}
	stop := out.begin()
	defer stop()
	fanOut.Send(ctx, parts, out.typing.typed(), out.result)
	return nil
}

// toBeTyped stands for a text that is not there yet.
const toBeTyped = "(to be typed)"

// anybody tells to whom a message would go, so that nobody types one in vain; where there is
// nobody, it shows why, and returns "".
func (c *sendCmd) anybody(ctx context.Context, w world, r message.Request, out *reporter) (string, error) {
	r.Text, r.DryRun = toBeTyped, true
	var all []message.Result
	planned := &reporter{w: w}
	err := w.door.Send(ctx, r, nil, func(result message.Result) {
		all = append(all, result)
		if result.Event == message.Planned {
			planned.reached = append(planned.reached, clean(result))
		}
	})
	if err != nil {
		return "", err
	}
	if len(planned.reached) > 0 {
		return " to " + planned.names(), nil
	}
	for _, result := range all {
		out.result(result)
	}
	return "", out.end()
}

// interrupts end the waiting for terminals, so that what was and what was not
// reached is still told. A hangup that is ignored (nohup) stays ignored.
func interrupts() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

// mistyped adds a hint where a command was meant, not a message.
func (c *sendCmd) mistyped(w world, err error) error {
	var refused *message.Refusal
	if command := nearCommand(string(c.Targets), w.commands); command != "" && len(c.Text) == 0 && errors.As(err, &refused) && refused.Hint == "" {
		refused.Hint = didYouMean(command)
	}
	return err
}

// request is what the flags say; the text is still to come.
func (c *sendCmd) request(w world) (message.Request, error) {
	if c.FanOut < 0 || c.FanOut > mostFanOut {
		return message.Request{}, &message.Refusal{Problem: fmt.Sprintf("--fanout: %d hosts at once; 1 to %d will do", c.FanOut, mostFanOut)}
	}
	request := message.Request{
		NoBanner: c.NoBanner, Polite: c.Polite, DryRun: c.DryRun, AllTerminals: c.All, Wait: c.Wait,
	}
	if request.Time = time.Duration(c.Time); c.Wait {
		request.Time, request.AnswerTime = min(request.Time, message.Patience), request.Time
	}
	var err error
	if request.Targets, err = targets(w, string(c.Targets), false); err != nil {
		return request, err
	}
	if c.Except != "" {
		if request.Except, err = targets(w, c.Except, true); err != nil {
			return request, fmt.Errorf("--except: %w", err)
		}
	}
	return request, nil
}

// mostFanOut is what this machine can be asked for: each is a process, with pipes.
const mostFanOut = 1000

// targets parses a list, and puts the content of target files and what aliases stand for in
// their place. A file of names that is not to be believed keeps back nothing of root's, who is
// told; but where somebody is to be left out, it could name them.
func targets(w world, list string, leaveOut bool) ([]target.Target, error) {
	all, err := parsed(list)
	if err != nil || !slices.ContainsFunc(all, func(t target.Target) bool { return t.Kind == target.Word }) {
		return all, err // no file that is not needed keeps a message from being sent
	}
	book, err := addressBook(w)
	var skipped addressbook.Skipped
	if !leaveOut && errors.As(err, &skipped) {
		w.warn("%s; its names are left out", text.Name(skipped.Error()))
		err = nil
	}
	if err == nil {
		all, err = book.Expand(all)
	}
	if err != nil {
		return nil, &message.Refusal{
			Problem: err.Error(),
			Hint:    "user:NAME, session:ID and other targets need no aliases",
		}
	}
	return all, nil
}

// parsed parses a list and puts the content of target files in their place.
func parsed(list string) ([]target.Target, error) {
	parsed, err := target.Parse(list)
	if err != nil {
		return nil, &message.Refusal{
			Problem: err.Error(),
			Hint:    "a target is a user, an alias, %group, *, a terminal (pts/3), a session's id or @FILE",
		}
	}
	var all []target.Target
	for _, t := range parsed {
		if t.Kind != target.File {
			all = append(all, t)
			continue
		}
		found, err := targetsIn(t.Name)
		if err != nil {
			return nil, err
		}
		for _, one := range found {
			if one.Hosts == "" {
				one.Hosts = t.Hosts
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// mostTargets bounds a file of targets, in bytes.
const mostTargets = 1 << 20

func targetsIn(file string) ([]target.Target, error) {
	content, err := readFile(file, mostTargets)
	if err != nil {
		return nil, err
	}
	found, err := target.ParseFile(file, content)
	if err != nil {
		return nil, &message.Refusal{Problem: err.Error()}
	}
	return found, nil
}

// typed reports whether the text is to come from standard input.
func (c *sendCmd) typed() bool { return len(behindDashes(c.Text)) == 0 && c.File == "" }

// behindDashes are a text's words, without the "--" that stands before them.
func behindDashes(words []word) []word {
	if len(words) > 0 && words[0] == "--" {
		return words[1:]
	}
	return words
}

// text is the message: from the arguments, else the file, else standard input.
func (c *sendCmd) text(w world) (string, error) {
	switch {
	case len(behindDashes(c.Text)) > 0 && c.File != "":
		return "", &message.Refusal{Problem: "a text and --file exclude each other"}
	case c.File != "":
		return readFile(c.File, message.MaxBytesRoot)
	}
	return written(c.Text, w, "the message", message.MaxBytesRoot)
}

// written is what the words are, joined by blanks; without any, standard input.
func written(words []word, w world, what string, most int) (string, error) {
	if words = behindDashes(words); len(words) > 0 {
		text := string(words[0])
		for _, one := range words[1:] {
			text += " " + string(one)
		}
		return text, nil
	}
	if isTerminal(w.stdin) {
		fmt.Fprintf(w.stderr, "Type %s; Ctrl-D on a line of its own sends it, Ctrl-C doesn't.\n", what)
	}
	return readText(w.stdin, what, most)
}

func readFile(name string, most int) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", &message.Refusal{Problem: err.Error()}
	}
	defer f.Close()
	return readText(f, name, most)
}

// readText reads all, and refuses what is longer than most bytes: half of it
// could mean something else.
func readText(r io.Reader, name string, most int) (string, error) {
	data, err := io.ReadAll(io.LimitReader(r, int64(most)+1))
	var path *os.PathError
	switch {
	case errors.As(err, &path):
		return "", &message.Refusal{Problem: fmt.Sprintf("read %s: %v", name, path.Err)}
	case err != nil:
		return "", &message.Refusal{Problem: fmt.Sprintf("read %s: %v", name, err)}
	case len(data) > most:
		return "", &message.Refusal{Problem: fmt.Sprintf("%s is longer than %d KiB", name, most>>10)}
	}
	return string(data), nil
}

// Command msg sends messages to the terminals of people who are logged in.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/term"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions/logind"
	"msg/internal/text"
	"msg/internal/tty"
)

// The exit statuses.
const (
	exitOK          = 0
	exitNotReached  = 1 // some target was not reached
	exitUsage       = 2 // wrong usage or configuration; nothing was sent
	exitNotAnswered = 3 // not everybody has answered in time
	exitInterrupted = 130
)

// world is what the program has of the outside.
type world struct {
	name           string // what it is called as, where that is wall, write or mesg
	posixly        bool   // POSIXLY_CORRECT is set: their options end at the first operand
	stdin          io.Reader
	stdout, stderr io.Writer
	getenv         func(string) string
	commands       []string // the reserved words, for hints; none if it is called as another program
	engine         *local   // this machine, and who calls
	door           door     // the way that messages go
}

// local is this machine, and who calls the program.
type local struct {
	delivery.Host
	delivery.Sender
}

// with returns an engine that has the rights of this process.
func (l *local) with(rules delivery.Rules) delivery.Engine {
	return delivery.Engine{Host: l.Host, Sender: l.Sender, Rules: rules}
}

func thisHost() *local {
	host := delivery.Local()
	return &local{host, delivery.Myself(host.Accounts)}
}

func main() {
	if err := dropSetID(); err != nil {
		fmt.Fprintf(os.Stderr, "msg: %v\n", err)
		os.Exit(exitUsage)
	}
	ignoreSignals()
	debug.SetGCPercent(rarely)
	engine := thisHost()
	engine.System.Logind, engine.System.Graphical = logind.Sessions(engine.System), tty.ShowsDesktop
	w := world{
		name:  calledAs(os.Args[0]),
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv,
		engine: engine, door: doorFor(engine),
	}
	_, w.posixly = os.LookupEnv("POSIXLY_CORRECT")
	code, err := run(context.Background(), os.Args[1:], w)
	if err != nil {
		w.complain(err)
	}
	os.Exit(code)
}

// rarely collects garbage for the first time when there are 16 MB, and most runs are over
// before that (GOGC in package runtime). Often is Go's own way, for what takes its time anyway.
const (
	rarely = 400
	often  = 100
)

// run does what the arguments say and returns the exit status. An error is
// still to be shown.
func run(ctx context.Context, args []string, w world) (code int, err error) {
	if w.name != "" {
		return runAs(ctx, args, w)
	}
	if len(args) == 1 && args[0] == "helper" { // as ssh runs it; the parser takes a while to make
		err := helperCmd{}.Run(ctx, w)
		return statusOf(err), err
	}
	var tree cli
	parser, err := newParser(&tree, w)
	if err != nil {
		return exitUsage, err
	}
	parser.Exit = func(code int) { panic(exited(code)) }
	defer func() {
		if r := recover(); r != nil {
			status, ok := r.(exited)
			if !ok {
				panic(r)
			}
			code, err = int(status), nil
		}
	}()
	known := tablesOf(parser.Model)
	w.commands = known.commands
	command, err := parser.Parse(rewrite(args, known))
	if err != nil {
		return exitUsage, usageError(err, args)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return finish(func(status *int) error { return command.Run(w, status) })
}

// finish runs a command, whose error has a status of its own.
func finish(command func(status *int) error) (int, error) {
	status := exitOK
	err := command(&status)
	if err == nil || errors.Is(err, syscall.EPIPE) { // who reads no more wants no word of it
		return status, nil
	}
	return statusOf(err), err
}

// exited is kong's wish to end, after --help and --version.
type exited int

func statusOf(err error) int {
	if err == nil {
		return exitOK
	}
	var refused *message.Refusal
	if errors.As(err, &refused) {
		return exitUsage
	}
	return exitNotReached
}

// usageError adds to what kong found the words that help on.
func usageError(err error, args []string) error {
	if hint := answerHint(err, args); hint != "" {
		return &message.Refusal{Problem: strings.Replace(err.Error(), `expected "<code>"`, "no code", 1), Hint: hint}
	}
	if strings.Contains(err.Error(), `expected "<targets>"`) {
		return &message.Refusal{
			Problem: "no target",
			Hint:    `msg bob "Lunch at one?" sends to bob; "msg --help" shows the rest`,
		}
	}
	if strings.HasPrefix(err.Error(), "missing flags: --until") {
		return &message.Refusal{
			Problem: "--until TIME, which says when it is, is missing",
			Hint:    `msg countdown --until 22:00 '*' "Reboot for the new kernel."`,
		}
	}
	hint := `"msg --help" shows the usage`
	if strings.HasPrefix(err.Error(), "unknown flag") {
		hint = `a text that begins with a dash stands behind --: msg bob -- "-5 degrees"`
	}
	return &message.Refusal{Problem: err.Error(), Hint: hint}
}

// answerHint helps on who answers, or wants to be answered.
func answerHint(err error, args []string) string {
	words := err.Error()
	first := ""
	if len(args) > 0 {
		first = args[0]
	}
	waits := slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(arg, "--wait=") || len(arg) > 2 && strings.HasPrefix(arg, "-w") && arg[2] >= '0' && arg[2] <= '9'
	})
	switch {
	case first == "reply" && strings.HasPrefix(words, "unknown flag"):
		return `a reply that begins with a dash stands behind --: msg reply k7m -- "-5 degrees"`
	case first == "reply" && strings.Contains(words, `expected "<code>`):
		return `msg reply k7m "Give me ten minutes": the code is in the message's last line`
	case first == "ok" && strings.HasPrefix(words, "unexpected argument"):
		return "\"msg ok\" takes a code and nothing else; \"msg reply CODE TEXT\" says more"
	case waits:
		return `how long to wait is said by --time: msg --wait --time 5m bob "Restart?"`
	}
	return ""
}

// complain shows an error, and a hint on a line of its own. The words may come
// from outside.
func (w world) complain(err error) {
	w.warn("%s", text.Name(err.Error()))
	hint := ""
	var refused *message.Refusal
	var not *notTaken
	switch {
	case errors.As(err, &refused):
		hint = refused.Hint
	case errors.As(err, &not):
		hint = not.hint
	}
	if hint != "" {
		fmt.Fprintf(w.stderr, "hint: %s\n", text.Name(hint))
	}
}

// warn shows a line of the program's on standard error.
func (w world) warn(format string, args ...any) {
	fmt.Fprintf(w.stderr, cmp.Or(w.name, "msg")+": "+format+"\n", args...)
}

// terminalWidth returns the columns of the terminal that v is, 0 where it is
// none.
func terminalWidth(v any) int {
	f, ok := v.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return 80
	}
	return columns
}

func isTerminal(v any) bool { return terminalWidth(v) > 0 }

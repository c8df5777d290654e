// Command msg sends messages to the terminals of people who are logged in.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"syscall"

	"msg/internal/client"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/sessions/logind"
	"msg/internal/sessions/logins"
)

// The exit statuses; package report has those of a message.
const (
	exitOK          = 0
	exitNotReached  = 1 // some target was not reached
	exitUsage       = 2 // wrong usage or configuration; nothing was sent
	exitInterrupted = 130
)

func main() {
	if err := dropSetID(); err != nil {
		fmt.Fprintf(os.Stderr, "msg: %v\n", err)
		os.Exit(exitUsage)
	}
	ignoreSignals()
	debug.SetGCPercent(rarely)
	here := delivery.Local()
	here.System.Logind = logins.Func(logind.Sessions(here.System))
	if client.IsChild() {
		if err := client.Deliver(here, version); err != nil {
			fmt.Fprintf(os.Stderr, "%v\n", err)
			os.Exit(exitNotReached)
		}
		return
	}
	w := newWorld(here, delivery.Myself(here.Accounts))
	w.name = calledAs(os.Args[0])
	_, w.posixly = os.LookupEnv("POSIXLY_CORRECT")
	code, err := run(context.Background(), os.Args[1:], w)
	if err != nil {
		w.complain(err)
	}
	os.Exit(code)
}

// rarely has the first garbage collection wait for 16 MB: most runs are over before that (GOGC
// in package runtime).
const rarely = 400

// run does what the arguments say and returns the exit status. An error is still to be shown.
func run(ctx context.Context, args []string, w world) (code int, err error) {
	if w.name != "" {
		return runAs(ctx, args, w)
	}
	var tree cli
	parser, err := newParser(&tree, w)
	if err != nil {
		return exitUsage, err
	}
	known := tablesOf(parser.Model)
	w.commands = known.commands
	command, err := parser.Parse(rewrite(args, known))
	switch {
	case tree.shown:
		return exitOK, nil
	case err != nil:
		return exitUsage, usageError(err, args)
	}
	command.BindTo(ctx, (*context.Context)(nil))
	return statusOf(command.Run(w))
}

// exit is an exit status of which everything has been said.
type exit int

func (e exit) Error() string { return fmt.Sprint("exit status ", int(e)) }

// ended returns what a command ends with: an error of its output, else its status. A reader
// who wants no more is no error.
func ended[S ~int](status S, err error) error {
	switch {
	case err != nil && !errors.Is(err, syscall.EPIPE):
		return err
	case status == exitOK:
		return nil
	}
	return exit(status)
}

// statusOf returns a command's exit status, and the error that is still to be shown.
func statusOf(err error) (int, error) {
	var status exit
	var refused *message.Refusal
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE):
		return exitOK, nil
	case errors.As(err, &status):
		return int(status), nil
	case errors.As(err, &refused):
		return exitUsage, err
	}
	return exitNotReached, err
}

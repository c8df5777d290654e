//go:build linux

// Command msg-helper delivers the messages of users who may not write to other
// people's terminals themselves. It is installed set-gid tty; msg starts it,
// hands it one request on standard input, and gets the results on standard output
// (package wire has the protocol, msg-helper(8) what it trusts and checks).
//
// It believes nothing that it is told: who sends is the kernel's word. It has its
// group's rights only while it makes a socket for answers, counts the message and opens the
// terminals.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"msg/internal/accounts"
	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/text"
	"msg/internal/wire"
)

// version is set when a release is built.
var version = "0.1.0-dev"

func main() {
	runtime.GOMAXPROCS(1)  // more threads at work cost more than they gain, in the few milliseconds that this takes
	rights, err := lower() // before anything that comes from outside
	if err == nil {
		err = run(rights)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "msg-helper: %s\n", text.Name(err.Error()))
		os.Exit(1)
	}
}

var errNotByHand = errors.New("is started by msg(1), not by hand; see msg-helper(8)")

func run(rights *privilege) error {
	os.Clearenv()
	unix.Umask(0o077)
	if len(os.Args) == 2 && os.Args[1] == clearing {
		return clearSockets(rights)
	}
	if len(os.Args) > 1 || term.IsTerminal(int(os.Stdin.Fd())) {
		return errNotByHand
	}
	// Not to end halfway: because a reader goes away, a terminal is our own and
	// set to stop what writes from the background, or files may not grow. What is
	// sent to all of a job (by the keyboard, a hangup, timeout(1)) is for msg, which
	// then closes its end.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGTTOU, syscall.SIGXFSZ, syscall.SIGINT, syscall.SIGHUP, syscall.SIGTERM)

	here, rules := delivery.Local(), delivery.Unlimited()
	names := here.Accounts
	if rights != nil {
		names = &accounts.Directory{FilesOnly: true}
		here.System.UserNames = names.Names
		rules.Take, rules.Drop, rules.Clear = rights.Take, rights.Drop, clearAnew
	}
	engine := delivery.Engine{Host: here, Sender: delivery.Myself(names), Rules: rules}
	hello := wire.Hello{Version: version, Host: here.Name, Privileged: rights != nil || os.Geteuid() == 0}
	return wire.Serve(context.Background(), wire.Stdin(), os.Stdout, wire.RequestTime, hello, func(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
		system, err := config.Load(config.Path)
		engine.Rules.Log = func(record delivery.Logged) {
			// A log that takes nothing keeps no message from going out; msg doctor finds it.
			_ = journal.Local().Write(record.Entry(system.Journal.Text))
		}
		if err != nil {
			return engine.Refuse(ctx, r, &message.Refusal{
				Problem: err.Error(), Hint: "nothing is sent until root has mended that",
			})
		}
		engine.Rules.Policy = policy(ctx, engine.Sender.UID, system, r, rights != nil)
		return engine.Send(ctx, r, lines, report)
	})
}

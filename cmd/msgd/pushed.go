//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/term"

	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/delivery"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/wire"
)

// pushed has one conversation on standard input and output, on a host that has no msg: "msg
// --push" has sent this program along for one message. It has the rights of the login, root's.
func pushed() error {
	if term.IsTerminal(int(os.Stdin.Fd())) {
		return errors.New(usage)
	}
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	here := delivery.Local()
	engine := delivery.Engine{Host: here, Sender: delivery.Myself(here.Accounts), Rules: delivery.Unlimited()}
	hello := wire.Hello{Version: version, Host: here.Name, Privileged: os.Geteuid() == 0}
	send := func(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
		log, err := journal.Local().Open()
		if err != nil {
			return delivery.NotLogged(err)
		}
		defer log.Close()
		system, err := config.Load(config.Path)
		if err != nil {
			system = config.Default()
		}
		engine.Rules.Everywhere, engine.Rules.Unsaid = consent.Store{Dir: consent.Dir}.ToRoot, system.Messages.Unsaid
		engine.Rules.Log = delivery.ToLog(log, system.Journal.Text)
		return engine.Send(ctx, r, lines, report)
	}
	return wire.Service{Hello: hello, RequestTime: wire.RequestTime, Send: send}.Serve(context.Background(), wire.Stdin(), os.Stdout)
}

//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/hang"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/wire"
)

// judge has one conversation. It gives up all rights before it reads a byte. The arguments are
// when the conversation was accepted, and the uid and the gids to become.
func judge(args []string) error {
	runtime.GOMAXPROCS(1) // more threads at work cost more than they gain, in the few milliseconds that this takes
	if err := begin(hang.Judge); err != nil {
		return err
	}
	unix.CloseOnExec(overFD)
	accepted, ids, err := judgeArguments(args)
	if err != nil {
		return err
	}
	if err := become(account{ids[0], ids[1]}, ids[2:]); err != nil {
		return err
	}
	if err := bound(); err != nil {
		return err
	}
	unix.Umask(0o077)
	signal.Ignore(syscall.SIGPIPE)
	conn := os.NewFile(connFD, "conversation")
	here := delivery.Local()
	w, err := of(connFD, accepted, here.System)
	rules := delivery.Unlimited()
	rules.Open = &opener{between: betweenFD}
	engine := delivery.Engine{
		Host: here, Rules: rules,
		Sender: delivery.Sender{UID: w.uid, Root: w.root, Self: w.self, Names: here.Accounts},
	}
	hello := wire.Hello{Version: version, Host: here.Name, Privileged: true}
	var log *journal.Writer
	send := func(ctx context.Context, r message.Request, lines *message.Lines, report func(message.Result)) error {
		var logErr error
		if log, logErr = journal.Local().Open(); logErr != nil { // before any terminal is open
			return delivery.NotLogged(logErr)
		}
		system, configErr := config.Load(config.Path)
		engine.Rules.Log = delivery.ToLog(log, system.Journal.Text)
		switch {
		case err != nil:
			return engine.Refuse(ctx, r, &message.Refusal{Problem: err.Error(), Hint: "nothing was sent"})
		case configErr != nil:
			return engine.Refuse(ctx, r, &message.Refusal{
				Problem: configErr.Error(), Hint: "nothing is sent until root has mended that",
			})
		}
		engine.Rules.Everywhere, engine.Rules.Unsaid = w.everywhere(ctx, here.Accounts), system.Messages.Unsaid
		engine.Rules.Policy = w.policy(ctx, here.Accounts, system, r)
		return engine.Send(ctx, r, lines, report)
	}
	// Protocol errors and clients that have left are not logged: anybody could fill the log.
	service := wire.Service{Hello: hello, RequestTime: wire.RequestTime, Send: send, Consent: w.consent(here.Accounts, err)}
	_ = service.Serve(context.Background(), conn, conn)
	_ = unix.Shutdown(connFD, unix.SHUT_RDWR) // the client has all, and need not wait
	if log != nil {
		log.Settle(settleTime)
	}
	// A terminal may hold a thread of this process, and with it all that is open.
	_ = unix.Shutdown(betweenFD, unix.SHUT_RDWR)
	hang.Leave()
	return unix.Close(overFD)
}

// settleTime is how long a judge waits, at its end, for journald to handle its entries.
const settleTime = 10 * time.Second

var errArguments = errors.New("judges and monitors are started by msgd alone")

func judgeArguments(args []string) (accepted time.Duration, ids []uint32, err error) {
	if len(args) < 3 {
		return 0, nil, errArguments
	}
	accepted, err = acceptedAt(args[0])
	for _, arg := range args[1:] {
		id, parseErr := strconv.ParseUint(arg, 10, 32)
		err = errors.Join(err, parseErr)
		ids = append(ids, uint32(id))
	}
	return accepted, ids, err
}

func acceptedAt(arg string) (time.Duration, error) {
	at, err := strconv.ParseInt(arg, 10, 64)
	return time.Duration(at), err
}

package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"msg/internal/client"
	"msg/internal/text"
	"msg/internal/window"
	"msg/internal/wire"
)

// Run answers msg on another host, as msgd answers msg on this one: a request on standard
// input, results on standard output. What comes here goes through the same
// door as what is typed here.
func (helperCmd) Run(ctx context.Context, w world) error {
	if window.IsTerminal(w.stdin) {
		return errNotByHand
	}
	// What ends it is the end of its input; a hangup is of the connection.
	signal.Ignore(syscall.SIGPIPE, syscall.SIGHUP)
	me := w.me
	if me.Root && me.Self.From == "" {
		// sshd's word, as far as root's own environment has it. Anyone else's is their own,
		// and msgd asks logind's files.
		me.Self.From, _, _ = strings.Cut(os.Getenv("SSH_CONNECTION"), " ")
	}
	hello := wire.Hello{Version: version, Host: text.Name(w.here.Name), Privileged: me.Root || client.Listens()}
	service := wire.Service{Hello: hello, RequestTime: wire.RequestTimeSSH, Send: client.Door(w.here, me)}
	err := service.Serve(ctx, wire.Stdin(), w.stdout)
	if err != nil {
		err = fmt.Errorf("%v", err) // msg there has not heard all: here, a broken pipe is an error, too
	}
	return err
}

package client

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"golang.org/x/sys/unix"

	"msg/internal/delivery"
	"msg/internal/hang"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/wire"
	"msg/internal/wire/call"
)

// childFacts is what a child cannot find out by itself. It is the child's only argument.
type childFacts struct {
	Self  sessions.Self // what the kernel says of the parent
	Spare []string      // terminals that get nothing
}

// inChild returns a way that delivers in a child process of root's own: this program, started
// anew as msg-delivery. A terminal may hold a process for as long as its owner likes, even one
// that SIGKILL was sent to. Then the child stays behind, and this process ends in time. If no child
// can be started, it delivers by itself.
func inChild(here delivery.Host, me delivery.Sender, spare func(sessions.Picture) []string, myself message.Send) message.Send {
	return func(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
		facts := childFacts{Self: me.Self}
		if spare != nil {
			picture, err := here.Picture(ctx)
			if err != nil {
				return err
			}
			facts.Spare = spare(picture)
		}
		child, err := startChild(facts)
		if err != nil {
			return myself(ctx, r, lines, tell)
		}
		err = child.Leave(child.Talk(call.Options{Hints: true}).Send(ctx, r, lines, tell))
		var failure *message.Failure
		if errors.As(err, &failure) {
			tell(message.Result{Event: message.Failed, Host: here.Name, Reason: failure.Reason, Detail: failure.Detail})
			return nil
		}
		return err
	}
}

func startChild(facts childFacts) (*call.Process, error) {
	argument, err := json.Marshal(facts)
	if err != nil {
		return nil, err
	}
	// Nothing that this process was started with may stay open in a child that stays behind: a
	// lock, or a pipe that somebody reads to its end. Before Linux 5.11, it may.
	_ = unix.CloseRange(3, math.MaxUint32, unix.CLOSE_RANGE_CLOEXEC)
	cmd := exec.Command("/proc/self/exe", string(argument))
	cmd.Args[0], cmd.Dir = hang.Delivery, "/"
	return call.Start(cmd)
}

// IsChild reports whether this process was started by inChild.
func IsChild() bool { return os.Args[0] == hang.Delivery && len(os.Args) == 2 }

// mostUnread is how much a child may have said that its parent has not read, because somebody
// stopped that (Ctrl-Z). 4,000 results are less.
const mostUnread = 1 << 20

// Deliver has one conversation with the parent, on standard input and output: the child's work. It
// ignores the signals that a terminal or a shell sends to both, and ends early if the parent closes
// the pipe.
func Deliver(here delivery.Host, version string) error {
	signal.Ignore(unix.SIGINT, unix.SIGQUIT, unix.SIGTERM, unix.SIGHUP, unix.SIGTSTP, unix.SIGTTOU, unix.SIGPIPE)
	_ = os.WriteFile("/proc/self/comm", []byte(hang.Delivery), 0) // for ps(1), and for later messages
	_, _ = unix.FcntlInt(1, unix.F_SETPIPE_SZ, mostUnread)
	var facts childFacts
	if err := json.Unmarshal([]byte(os.Args[1]), &facts); err != nil {
		return err
	}
	uid := uint32(max(0, os.Getuid()))
	me := delivery.Sender{UID: uid, Root: uid == 0, Self: facts.Self, Names: here.Accounts}
	spare := func(sessions.Picture) []string { return facts.Spare }
	service := wire.Service{
		Hello:       wire.Hello{Version: version, Host: here.Name, Privileged: me.Root},
		RequestTime: wire.RequestTime, Send: ownProcess(here, me, spare), Hints: true,
	}
	err := service.Serve(context.Background(), wire.Stdin(), os.Stdout)
	hang.Leave()
	if errors.Is(err, syscall.EPIPE) {
		return nil // the parent was killed
	}
	return err
}

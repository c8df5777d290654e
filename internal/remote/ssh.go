// Package remote sends a message to other hosts: by ssh as the way there, what ssh's failures
// mean, and many hosts at once. Package call has the conversation at the other end of ssh.
//
// A text, a target or a name never comes to a shell over there, and a message lends the other
// host nothing: no agent, no forwarding.
package remote

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"time"

	"msg/internal/message"
	"msg/internal/wire"
	"msg/internal/wire/call"
)

// SSH is the way to other hosts: the system's ssh(1). So its configuration, agents, jump
// hosts, known keys and multiplexing hold here, too.
type SSH struct {
	Path string // of ssh

	// Ask lets ssh ask the user, at their terminal, for a password or whether a host's
	// key is the right one. While ssh asks, the host's time stands still.
	Ask bool

	// Direct says that in ssh's configuration no way leads through another host; see
	// Proxies.
	Direct bool

	// Push, unless nil, is what a host without msg gets for this one message.
	Push *Push
}

// FindSSH finds the system's ssh.
func FindSSH() (SSH, error) {
	path, err := exec.LookPath("ssh")
	if err != nil {
		return SSH{}, &message.Refusal{
			Problem: "other hosts are reached by ssh, and there is none here",
			Hint:    "install OpenSSH's client",
		}
	}
	return SSH{Path: path}, nil
}

// How long a host may take.
const (
	connectTime = 10 * time.Second // for TCP, and until it says that it is a sshd
	helloTime   = 20 * time.Second // in all, until its msg is there
	hostTime    = 30 * time.Second // in all, besides what its terminals may take
	askTime     = 5 * time.Minute  // for a person's answers to ssh, besides all of these
)

// Send has another host's msg carry out a request, as client.Door has this host's msgd do it.
// If a sshd has too many connections, Send tries again: until the request is out as a whole,
// nothing can come twice. Every result is that host's, whatever it says.
func (s SSH) Send(ctx context.Context, host string, r message.Request, lines *message.Lines, report func(message.Result)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deadline := newDeadline(r, s.limit(r), func() { cancel(context.DeadlineExceeded) })
	defer deadline.stop()
	if lines != nil {
		go deadline.follow(ctx, lines)
	}
	m := sending{host: host, request: r, lines: lines, deadline: deadline, report: func(result message.Result) {
		result.Host = host
		if result.Event == message.Waiting {
			deadline.waits()
		}
		report(result)
	}}
	err := s.patiently(ctx, m)
	var failure *message.Failure
	if s.Ask && errors.As(err, &failure) && (failure.Reason == message.AuthFailed || failure.Reason == message.HostKey) {
		// Only now: an ssh that may ask is in front at the terminal, and Ctrl-C ends it.
		err = s.attempt(ctx, m, true)
		if errors.Is(err, call.ErrEnded) && lines == nil && deadline.isOpen() && interrupted(ctx) {
			return nil // what became of the text is told
		}
	}
	return err
}

// sending is a message on its way to one host.
type sending struct {
	host    string
	request message.Request
	lines   *message.Lines
	report  func(message.Result)

	deadline *deadline
}

// limit is how long a host may take for the text of a message.
func (s SSH) limit(r message.Request) time.Duration {
	limit := hostTime + max(r.Time, message.Patience)
	if s.Push != nil {
		limit += call.PushTime
	}
	return limit
}

// interrupted reports whether the sender has given up. An interrupt from the keyboard also
// ends an ssh in front, and msg may see that first.
func interrupted(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	case <-time.After(time.Second / 4):
		return false
	}
}

// Between two attempts.
const (
	firstPause   = 200 * time.Millisecond
	longestPause = 4 * time.Second
	mostAttempts = 12 // if the sshd drops the connection
	mostTaken    = 3  // if what answers ends before it has the request
)

// patiently tries until the sshd takes the connection.
func (s SSH) patiently(ctx context.Context, m sending) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := s.attempt(ctx, m, false)
		again := errors.Is(err, errDropped) && n < mostAttempts || errors.Is(err, call.ErrNotTaken) && n < mostTaken
		if !again {
			return err
		}
		select {
		case <-ctx.Done():
			if !errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
				return message.Fail(message.Interrupted, "interrupted before it took the connection: nothing was sent")
			}
			return err
		case <-time.After(pause/2 + rand.N(pause)): // not all of them at once
		}
		pause = min(2*pause, longestPause)
	}
}

// attempt runs ssh once. With ask, ssh may ask at the terminal.
func (s SSH) attempt(ctx context.Context, m sending, ask bool) error {
	cmd := exec.Command(s.Path, s.arguments(m.host, ask)...)
	if !ask {
		call.Apart(cmd)
		cmd.Env = append(os.Environ(), "SSH_ASKPASS_REQUIRE=never") // nor at a desktop
	}
	p, err := call.Start(cmd)
	if err != nil {
		return message.Fail(message.Unreachable, "%s: %v", s.Path, err)
	}
	options := s.options(m)
	if ask {
		var stop func()
		ctx, stop = m.deadline.exceptAsked(ctx, options.HelloTime, func() bool { return asks(cmd.Process.Pid) })
		defer stop()
		options.Hello, options.HelloTime = func(wire.Hello) { stop() }, anyTime
	}
	err = p.Talk(options).Send(ctx, m.request, m.lines, m.report)
	_ = p.Wait(err) // Status has it
	if status := p.Status(); errors.Is(err, call.ErrNoStart) && status >= 0 {
		return explain(m.host, status, p.Words(), func() bool {
			return !s.Direct && s.Via(ctx, m.host) != ""
		})
	}
	return err
}

// options are those of a conversation with the other end of ssh.
func (s SSH) options(m sending) call.Options {
	o := call.Options{HelloTime: helloTime, Preamble: mostPreamble, Open: m.deadline.open}
	if s.Push != nil {
		o.HelloTime += call.PushTime
		o.Push, o.Pushed = s.Push.wanted, func() { m.report(message.Result{Event: message.Pushed}) }
	}
	return o
}

// anyTime is for what another limit ends.
const anyTime = 24 * time.Hour

// mostPreamble limits what a login's start-up files may print, in bytes.
const mostPreamble = 64 << 10

// arguments are ssh's. The user's configuration holds, but for what would keep a message from
// going out, or lend the other host more than it needs.
func (s SSH) arguments(host string, ask bool) []string {
	args := []string{
		"-T", "-a", "-x", "-k",
		fmt.Sprintf("-oConnectTimeout=%d", int(connectTime.Seconds())),
		"-oRemoteCommand=none", "-oClearAllForwardings=yes", "-oPermitLocalCommand=no",
		"-oIgnoreUnknown=SessionType,StdinNull,ForkAfterAuthentication", // before OpenSSH 8.7
		"-oSessionType=default", "-oStdinNull=no", "-oForkAfterAuthentication=no",
		"-oLogLevel=ERROR", // explain reads what it says
	}
	if !ask {
		args = append(args, "-oBatchMode=yes")
	}
	command := atOtherEnd
	if s.Push != nil {
		command = pushCommand()
	}
	return append(args, "--", host, command)
}

// atOtherEnd is the command that runs there. Keys name it, so it keeps its name. A key that can only send needs no more than
// that: command="msg helper",restrict in authorized_keys.
const atOtherEnd = "msg helper"

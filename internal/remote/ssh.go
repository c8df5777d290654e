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
)

// SSH is the way to other hosts: the system's ssh(1), so that its configuration,
// agents, jump hosts, known keys and multiplexing hold here, too.
type SSH struct {
	Path string // of ssh

	// Ask lets ssh ask the user, at their terminal, for a password or whether a
	// host's key is the right one.
	Ask bool

	// Direct says that ssh's configuration has no way lead through another host, as
	// Proxies tells.
	Direct bool

	onOpen func() // of one message: its text is through

	// Push, unless nil, is what a host gets for this one message that has no msg.
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
	connectTime = 10 * time.Second // for TCP, and until it has said that it is a sshd
	helloTime   = 20 * time.Second // in all, until its helper is there
	hostTime    = 30 * time.Second // in all, besides what its terminals may take
	pushTime    = time.Minute      // to take the helper, 3 MB
	askTime     = 5 * time.Minute  // for a person to find their password
)

// Send has the helper of another host carry out a request, as Helper.Send does on this
// one. A sshd that has too many others at once is asked again: until the request is
// out as a whole, nothing can come twice. Every result is that host's, whatever it says.
func (s SSH) Send(ctx context.Context, host string, r message.Request, report func(message.Result)) error {
	limit := hostTime + max(r.Time, message.Patience)
	if s.Ask {
		limit += askTime
	}
	if s.Push != nil {
		limit += pushTime
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	deadline := newDeadline(r, limit, func() { cancel(context.DeadlineExceeded) })
	defer deadline.stop()
	if r.Lines != nil {
		r.Lines = deadline.follow(ctx, r.Lines)
	}
	s.onOpen = deadline.open
	named := func(result message.Result) {
		result.Host = host
		if result.Event == message.Waiting {
			deadline.waits()
		}
		report(result)
	}
	err := s.patiently(ctx, host, r, named)
	var failure *message.Failure
	if s.Ask && errors.As(err, &failure) && (failure.Reason == message.AuthFailed || failure.Reason == message.HostKey) {
		// Only now: ssh that may ask is in front at the terminal, and Ctrl-C ends it.
		err = s.attempt(ctx, host, r, named, true)
		if errors.Is(err, errEnded) && r.Lines == nil && deadline.isOpen() && interrupted(ctx) {
			return nil // what became of the text has been told
		}
	}
	return err
}

// interrupted reports whether it is the sender who has given up. An interrupt from the
// keyboard ends an ssh in front, too, and that may be seen first.
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
	mostAttempts = 12 // of those that a sshd lets go
	mostTaken    = 3  // of those where what answers ends before it has the request
)

func (s SSH) patiently(ctx context.Context, host string, r message.Request, report func(message.Result)) error {
	pause := firstPause
	for n := 1; ; n++ {
		err := s.attempt(ctx, host, r, report, false)
		again := errors.Is(err, errDropped) && n < mostAttempts || errors.Is(err, errNotTaken) && n < mostTaken
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

func (s SSH) attempt(ctx context.Context, host string, r message.Request, report func(message.Result), ask bool) error {
	cmd := exec.Command(s.Path, s.arguments(host, ask)...)
	if !ask {
		apart(cmd)
		cmd.Env = append(os.Environ(), "SSH_ASKPASS_REQUIRE=never") // nor at a desktop
	}
	p, err := start(cmd)
	if err != nil {
		return message.Fail(message.Unreachable, "%s: %v", s.Path, err)
	}
	t := newTalk(p.stdin, p.stdout, nil)
	t.preamble, t.helloTime = mostPreamble, helloTime
	switch {
	case ask:
		t.helloTime = askTime
	case s.Push != nil:
		t.helloTime += pushTime
	}
	t.onOpen = s.onOpen
	t.pushed, t.onPush = s.Push, func() { report(message.Result{Event: message.Pushed}) }
	err = t.send(ctx, r, report)
	_ = p.wait(err) // its status is in ProcessState
	if state := p.cmd.ProcessState; errors.Is(err, errNoStart) && state.Exited() {
		return explain(host, state.ExitCode(), p.stderr.String(), func() bool {
			return !s.Direct && s.Via(ctx, host) != ""
		})
	}
	return err
}

// mostPreamble bounds what a login's start-up files may print, in bytes.
const mostPreamble = 64 << 10

// arguments are ssh's. What the user's configuration says holds, but for what would
// keep a message from going out, or lend the other host more than it needs.
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
	command := helperCommand
	if s.Push != nil {
		command = pushCommand()
	}
	return append(args, "--", host, command)
}

// helperCommand is what runs at the other end, and all that a key needs to be good
// for that can only send: command="msg helper",restrict in authorized_keys.
const helperCommand = "msg helper"

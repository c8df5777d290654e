package delivery

import (
	"context"
	"errors"
	"os"
	"runtime"
	"strings"
	"time"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/sessions"
)

// Host is this machine.
type Host struct {
	Name     string // in results and in the banner
	System   sessions.System
	Accounts *accounts.Directory
	Now      func() time.Time
	Pending  string // the directory where messages wait for answers
}

// Local returns this host. It asks no logind.
func Local() Host {
	var directory accounts.Directory
	name, err := os.Hostname()
	if err != nil {
		name = "localhost"
	}
	name, _, _ = strings.Cut(name, ".") // without the domain
	return Host{
		Name: name, System: sessions.Local(directory.Names), Accounts: &directory,
		Now: time.Now, Pending: answers.Dir,
	}
}

// Picture looks who is logged in.
func (h Host) Picture(ctx context.Context) (sessions.Picture, error) {
	p, err := h.System.Read(ctx)
	if errors.Is(err, errors.ErrUnsupported) {
		return p, &message.Refusal{Problem: "messages are delivered on Linux only, and this is " + runtime.GOOS}
	}
	return p, err
}

func (h Host) onPlace(p *Place, event message.Event) message.Result {
	return message.Result{
		Event: event, Host: h.Name, User: p.User, Terminal: p.Name, Session: p.Session, Detached: p.Detached,
	}
}

func (h Host) failedPlace(p *Place, err error) message.Result {
	r := h.onPlace(p, message.Failed)
	r.Reason, r.Detail = message.Gone, err.Error()
	var failure *message.Failure
	if errors.As(err, &failure) {
		r.Reason, r.Detail = failure.Reason, failure.Detail
	}
	return r
}

func (h Host) failedTarget(target string, reason message.Reason, detail string) message.Result {
	return message.Result{Event: message.Failed, Host: h.Name, Target: target, Reason: reason, Detail: detail}
}

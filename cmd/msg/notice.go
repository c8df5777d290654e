package main

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"msg/internal/motd"
	"msg/internal/remote"
	"msg/internal/target"
	"msg/internal/text"
)

// loginNotice is what people see who log in while a countdown is at work.
type loginNotice struct{ remove func() }

var noNotice = loginNotice{remove: func() {}}

// leaveNotice leaves one, for root's message to everyone on this host: everyone who logs in
// sees it. Without one the countdown goes on.
func (c *counting) leaveNotice(ctx context.Context) loginNotice {
	if c.w.engine.UID != 0 || c.asked.NoNotice || !slices.ContainsFunc(c.parts, c.toAll) {
		return noNotice
	}
	return leaveNotice(ctx, c.w, c.text+"\n"+c.end.When(false), c.end.Time())
}

// toAll reports whether a part is everyone's on this host.
func (c *counting) toAll(part remote.Part) bool {
	everyone := func(t target.Target) bool { return t.Kind == target.Everyone }
	return part.Host == c.w.engine.Name && len(part.Request.Except) == 0 && slices.ContainsFunc(part.Request.Targets, everyone)
}

// leaveNotice leaves one until that time, or until it is removed.
func leaveNotice(ctx context.Context, w world, words string, until time.Time) loginNotice {
	lines := []string{"Notice from " + w.engine.From(ctx, w.engine.Sender) + ":"}
	lines = append(lines, barred(text.Clean(words), 0)...)
	left, err := motd.Leave(motd.Dir, strings.Join(lines, "\n")+"\n", until)
	switch {
	case errors.Is(err, motd.ErrOver): // there is nothing to tell any more
		return noNotice
	case err != nil:
		w.warn("no notice for who logs in later: %s", text.Name(err.Error()))
		return noNotice
	}
	return loginNotice{sync.OnceFunc(func() {
		if err := left.Remove(); err != nil {
			w.complain(err)
		}
	})}
}

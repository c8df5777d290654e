package main

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"msg/internal/motd"
	"msg/internal/report"
	"msg/internal/text"
)

// loginNotice is what people see who log in while a countdown is at work.
type loginNotice struct{ remove func() }

var noNotice = loginNotice{remove: func() {}}

// leaveNotice leaves one for root's message to everyone on this host: everyone who logs in sees
// it. Without one, the countdown goes on.
func (c *counting) leaveNotice(ctx context.Context) loginNotice {
	if c.w.me.UID != 0 || c.asked.NoNotice || !c.ToEveryone(c.w.here.Name) {
		return noNotice
	}
	return leaveNotice(ctx, c.w, c.text+"\n"+c.end.When(false), c.end.Time())
}

// leaveNotice leaves one until that time, or until it is removed.
func leaveNotice(ctx context.Context, w world, words string, until time.Time) loginNotice {
	lines := []string{"Notice from " + w.here.From(ctx, w.me) + ":"}
	lines = append(lines, report.Barred(text.Clean(words), 0)...)
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

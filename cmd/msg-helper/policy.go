//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"msg/internal/accounts"
	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/rate"
	"msg/internal/target"
)

// policy is what the system's configuration means for the sender, as far as this
// request needs it. A helper without rights of its own need not count: who calls
// it could write to the same terminals without it.
func policy(ctx context.Context, uid uint32, system config.System, r message.Request, counted bool) delivery.Policy {
	if uid == 0 {
		return delivery.Policy{Unlimited: true}
	}
	p := delivery.Policy{Count: func(context.Context, func(string)) (time.Duration, error) { return 0, nil }}
	if counted {
		p.Count = counter(uid, system.Rate)
	}
	who := sender{uid: uid, groups: groups()}
	p.Send = who.permission(ctx, system.Policy.Send)
	if slices.ContainsFunc(r.Targets, func(t target.Target) bool { return t.Kind == target.Everyone }) {
		p.Broadcast = who.permission(ctx, system.Policy.Broadcast)
	}
	return p
}

// groups are the caller's by the kernel's word.
func groups() []uint32 {
	all := []uint32{uint32(os.Getgid())}
	more, err := os.Getgroups()
	if err != nil {
		return all
	}
	for _, gid := range more {
		all = append(all, uint32(gid))
	}
	return all
}

type sender struct {
	uid    uint32
	groups []uint32
}

// permission tells whether the sender is one of those named.
func (s sender) permission(ctx context.Context, named []string) delivery.Permission {
	return delivery.Permission{
		Granted: slices.ContainsFunc(named, func(name string) bool { return s.is(ctx, name) }),
		Who:     list(append([]string{"root"}, named...)),
	}
}

// is reports whether the sender is the user, or in the %group, by name or by
// number. A name that is not in /etc/passwd or /etc/group is nobody's: getent, which
// may know it, runs as the sender, who can have it say anything.
func (s sender) is(ctx context.Context, name string) bool {
	if name == "*" {
		return true
	}
	files := accounts.Directory{FilesOnly: true}
	group, isGroup := strings.CutPrefix(name, "%")
	if number, err := strconv.ParseUint(group, 10, 32); err == nil {
		id := uint32(number)
		return isGroup && slices.Contains(s.groups, id) || !isGroup && id == s.uid
	}
	if isGroup {
		g, err := files.Group(ctx, group)
		return err == nil && slices.Contains(s.groups, g.GID)
	}
	u, err := files.User(ctx, name)
	return err == nil && u.UID == s.uid
}

// list writes root, %sudo and %adm.
func list(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// counter counts the user's messages, and what is typed on to them: the count stays open
// when the rights to open it are gone. Where there is no place for counts, it has them go
// out one at a time, and no faster than the limit.
func counter(uid uint32, limit rate.Limit) func(context.Context, func(string)) (time.Duration, error) {
	var count *rate.Count
	var nowhere error
	return func(ctx context.Context, note func(string)) (time.Duration, error) {
		if count == nil && nowhere == nil {
			count, nowhere = rate.Open(rate.Dir, uid, limit)
		}
		if nowhere == nil {
			wait, err := count.Take(ctx)
			if !errors.Is(err, rate.ErrNowhere) {
				return wait, err
			}
			nowhere = err
		}
		note(fmt.Sprintf("%v; so each message waits for %v", nowhere, limit.Interval()))
		return 0, rate.Alone(ctx, uid, limit)
	}
}

//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
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

// policy is what the system's configuration means for the sender, as far as this request needs
// it.
func (w who) policy(ctx context.Context, names *accounts.Directory, system config.System, r message.Request) delivery.Policy {
	if w.root {
		return delivery.Policy{Unlimited: true}
	}
	s := sender{w, names}
	p := delivery.Policy{Count: counter(s.counted(ctx, subuidFile), system.Rate), Send: s.permission(ctx, system.Policy.Send)}
	if slices.ContainsFunc(r.Targets, func(t target.Target) bool { return t.Kind == target.Everyone }) {
		p.Broadcast = s.mayBroadcast(ctx, system.Policy)
	}
	return p
}

type sender struct {
	who
	names *accounts.Directory
}

// counted returns the uid that the sender's messages are counted under. It is not the sender's own
// if that has no account: a user with a range of uids would have as many counts.
func (s sender) counted(ctx context.Context, subuid string) uint32 {
	if s.uid == 0 || s.names.Name(ctx, s.uid) != "" {
		return s.uid
	}
	return newOwners(subuid, func(uint32) bool { return false }).of(s.uid, time.Now()).count()
}

// mayBroadcast tells whether the sender may send to everyone.
func (s sender) mayBroadcast(ctx context.Context, p config.Policy) delivery.Permission {
	may := s.permission(ctx, p.Broadcast)
	may.Granted = may.Granted || isSystem(s.uid) && s.permission(ctx, p.System).Granted
	return may
}

// permission tells whether the sender is one of those named.
func (s sender) permission(ctx context.Context, named []string) delivery.Permission {
	return delivery.Permission{
		Granted: slices.ContainsFunc(named, func(name string) bool { return s.is(ctx, name) }),
		Who:     list(append([]string{"root"}, named...)),
	}
}

// is reports whether the sender is the user, or in the %group, by name or by number; or a
// service.
func (s sender) is(ctx context.Context, name string) bool {
	if name == "*" {
		return true
	}
	if unit, isUnit := strings.CutPrefix(name, config.Unit); isUnit {
		return s.self.Unit == unit && isSystem(s.uid)
	}
	if group, isGroup := strings.CutPrefix(name, "%"); isGroup {
		return s.inGroup(ctx, group)
	}
	if number, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(number) == s.uid
	}
	u, err := s.names.User(ctx, name)
	return err == nil && u.UID == s.uid
}

// inGroup reports whether the sender is in a group, by name or by number, as the kernel has it.
func (s sender) inGroup(ctx context.Context, group string) bool {
	if number, err := strconv.ParseUint(group, 10, 32); err == nil {
		return slices.Contains(s.groups, uint32(number))
	}
	g, err := s.names.Group(ctx, group)
	return err == nil && slices.Contains(s.groups, g.GID)
}

// The uids of system accounts, and of units with DynamicUser= (systemd's docs/UIDS-GIDS.md). A
// unit that runs as a person is that person.
const (
	lastSystemUID   = 999
	firstDynamicUID = 61184
	lastDynamicUID  = 65519
)

func isSystem(uid uint32) bool {
	return uid <= lastSystemUID || firstDynamicUID <= uid && uid <= lastDynamicUID
}

// list writes root, %sudo and %adm.
func list(names []string) string {
	last := len(names) - 1
	if last == 0 {
		return names[0]
	}
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// counter counts the user's messages, and what is typed on to them. Where there is no place for
// counts, it has them go out one at a time, and no faster than the limit.
func counter(uid uint32, limit rate.Limit) func(context.Context, func(string)) (time.Duration, error) {
	var count *rate.Count
	var nowhere error
	return func(ctx context.Context, note func(string)) (time.Duration, error) {
		if nowhere == nil {
			wait, err := time.Duration(0), error(nil)
			if count == nil {
				count, err = rate.Open(rate.Dir, uid, limit)
			}
			if err == nil {
				wait, err = count.Take(ctx)
			}
			if !errors.Is(err, rate.ErrNowhere) {
				return wait, err
			}
			nowhere = err
		}
		note(fmt.Sprintf("%v; so each message waits for %v", nowhere, limit.Interval()))
		return 0, rate.Alone(ctx, uid, limit)
	}
}

//go:build linux

package main

import (
	"context"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"msg/internal/accounts"
)

// owner is whom a conversation counts for: a uid, or nobody's.
type owner int64

const (
	root   owner = 0
	nobody owner = -1 // of all uids without an account
)

// owners finds whom a uid counts for. A uid within a range of /etc/subuid counts for the user
// whose range it is: that user can take on any of them in a user namespace (subuid(5)).
type owners struct {
	subuid   string // the file
	changed  time.Time
	ranges   []subordinate
	ask      func(uid uint32) bool // reports whether a uid has an account; it may take its time
	asking   chan struct{}         // bounds the questions at once
	mu       sync.Mutex
	accounts map[uint32]bool // what was found out; false while it is asked
}

func newOwners(subuid string, ask func(uint32) bool) *owners {
	return &owners{subuid: subuid, ask: ask, asking: make(chan struct{}, mostAsking), accounts: map[uint32]bool{}}
}

// mostAsking is how many questions to a directory service there are at once.
const mostAsking = 4

type subordinate struct {
	first, count uint64
	owner        owner
}

// mostKnown is how many uids are remembered.
const mostKnown = 65536

// of returns whom a uid counts for. It never waits: a uid counts for nobody until a directory
// service has said that it has an account.
func (o *owners) of(uid uint32) owner {
	o.read()
	for _, r := range o.ranges {
		if n := uint64(uid); n >= r.first && n-r.first < r.count {
			return r.owner
		}
	}
	if uid == 0 || o.known(uid) {
		return owner(uid)
	}
	return nobody
}

func (o *owners) known(uid uint32) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	has, asked := o.accounts[uid]
	if asked {
		return has
	}
	files := accounts.Directory{FilesOnly: true}
	has = files.Name(context.Background(), uid) != ""
	if !has {
		select {
		case o.asking <- struct{}{}:
			go o.find(uid)
		default:
			return false // it is asked the next time
		}
	}
	if len(o.accounts) >= mostKnown {
		clear(o.accounts)
	}
	o.accounts[uid] = has
	return has
}

func (o *owners) find(uid uint32) {
	found := o.ask(uid)
	<-o.asking
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accounts[uid] = found
}

// read reads the file again when it has changed.
func (o *owners) read() {
	info, err := os.Stat(o.subuid)
	if err != nil || info.ModTime().Equal(o.changed) {
		return
	}
	data, err := os.ReadFile(o.subuid)
	if err != nil {
		return
	}
	o.changed, o.ranges = info.ModTime(), parseSubuid(string(data), uidOf)
}

// uidOf returns the uid of a name in subuid(5), which may be a number.
func uidOf(name string) (uint32, bool) {
	if uid, err := strconv.ParseUint(name, 10, 32); err == nil {
		return uint32(uid), true
	}
	files := accounts.Directory{FilesOnly: true}
	u, err := files.User(context.Background(), name)
	return u.UID, err == nil
}

// parseSubuid reads subuid(5): alice:100000:65536. A line that is none counts for nothing.
func parseSubuid(content string, uidOf func(string) (uint32, bool)) (ranges []subordinate) {
	for line := range strings.Lines(content) {
		fields := strings.Split(strings.TrimSpace(line), ":")
		if len(fields) != 3 {
			continue
		}
		first, firstErr := strconv.ParseUint(fields[1], 10, 32)
		count, countErr := strconv.ParseUint(fields[2], 10, 32)
		uid, ok := uidOf(fields[0])
		if firstErr != nil || countErr != nil || !ok || first == 0 {
			continue
		}
		ranges = append(ranges, subordinate{first, count, owner(uid)})
	}
	return ranges
}

// askTime is how long a directory service may take for one uid.
const askTime = 5 * time.Second

// asGetent returns a function that asks getent whether a uid has an account, as that user.
func asGetent(who account) func(uint32) bool {
	return func(uid uint32) bool {
		ctx, cancel := context.WithTimeout(context.Background(), askTime)
		defer cancel()
		cmd := exec.CommandContext(ctx, "/usr/bin/getent", "passwd", strconv.FormatUint(uint64(uid), 10))
		cmd.Env = []string{}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: who.uid, Gid: who.gid}}
		return cmd.Run() == nil
	}
}

//go:build linux

package main

import (
	"context"
	"errors"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"msg/internal/accounts"
)

// owner is whom a conversation counts for: a uid, nobody's, or a range of root's (see ofRoot).
type owner int64

const (
	root   owner = 0
	nobody owner = -1 // of all uids without an account
)

// ofRoot returns the owner that a range of root's in /etc/subuid counts for. It is not root:
// containers run there, and those in them must not take root's places.
func ofRoot(first uint64) owner { return nobody - owner(first) }

// count returns the uid under which an owner's messages are counted: of a range of root's the
// first, and for nobody (uid_t)-1, which no account has.
func (o owner) count() uint32 {
	switch {
	case o == nobody:
		return math.MaxUint32
	case o < nobody:
		return uint32(nobody - o)
	}
	return uint32(o)
}

// owners finds whom a uid counts for. A uid with an account counts for itself. Another within a
// range of /etc/subuid counts for the user whose range it is: that user can take on any of
// them in a user namespace (subuid(5)).
type owners struct {
	subuid   string // the file
	changed  time.Time
	ranges   []subordinate
	ask      func(uid uint32) bool // reports whether a uid has an account; it may take its time
	asking   chan struct{}         // bounds the questions at once
	mu       sync.Mutex
	accounts map[uint32]known
}

// known is what was found out about a uid.
type known struct {
	has bool // whether it has an account; false until getent has answered
	at  time.Time
}

// subuidFile has the ranges (subuid(5)).
const subuidFile = "/etc/subuid"

func newOwners(subuid string, ask func(uint32) bool) *owners {
	return &owners{subuid: subuid, ask: ask, asking: make(chan struct{}, mostAsking), accounts: map[uint32]known{}}
}

const (
	mostAsking = 4           // questions to a directory service at once
	mostKnown  = 65536       // uids that are remembered
	askAgain   = time.Minute // after a no: accounts are made, and a directory service may have been down
)

type subordinate struct {
	first, count uint64
	owner        owner
}

// of returns whom a uid counts for. It never waits: a uid counts for nobody until a directory
// service has said that it has an account.
func (o *owners) of(uid uint32, now time.Time) owner {
	if uid == 0 || o.hasAccount(uid, now) {
		return owner(uid)
	}
	o.read()
	for _, r := range o.ranges {
		if n := uint64(uid); n >= r.first && n-r.first < r.count {
			return r.owner
		}
	}
	return nobody
}

func (o *owners) hasAccount(uid uint32, now time.Time) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found, asked := o.accounts[uid]; asked && (found.has || now.Sub(found.at) < askAgain) {
		return found.has
	}
	files := accounts.Directory{FilesOnly: true}
	has := files.Name(context.Background(), uid) != ""
	if !has {
		select {
		case o.asking <- struct{}{}:
			go o.find(uid, now)
		default:
			return false // too many questions are open; the next call asks
		}
	}
	o.keep(uid, known{has, now})
	return has
}

// keep remembers what was found out. o.mu is held.
func (o *owners) keep(uid uint32, found known) {
	if len(o.accounts) >= mostKnown {
		clear(o.accounts)
	}
	o.accounts[uid] = found
}

func (o *owners) find(uid uint32, now time.Time) {
	has := o.ask(uid)
	<-o.asking
	o.mu.Lock()
	defer o.mu.Unlock()
	o.keep(uid, known{has, now})
}

// read reads the file again when it has changed.
func (o *owners) read() {
	info, err := os.Stat(o.subuid)
	if errors.Is(err, fs.ErrNotExist) {
		o.changed, o.ranges = time.Time{}, nil
	}
	if err != nil || info.ModTime().Equal(o.changed) {
		return
	}
	data, err := os.ReadFile(o.subuid)
	if err != nil {
		return
	}
	passwd, err := os.ReadFile("/etc/passwd")
	if err != nil {
		return
	}
	o.changed, o.ranges = info.ModTime(), parseSubuid(string(data), uidsIn(string(passwd)))
}

// uidsIn returns a function that tells the uid of a name in subuid(5), which may be a number,
// by what passwd(5) holds. That is read once: both files may have thousands of lines.
func uidsIn(passwd string) func(name string) (uint32, bool) {
	byName := map[string]uint32{}
	for line := range strings.Lines(passwd) {
		fields := strings.SplitN(line, ":", 4)
		if len(fields) < 4 {
			continue
		}
		if uid, err := strconv.ParseUint(fields[2], 10, 32); err == nil {
			byName[fields[0]] = uint32(uid)
		}
	}
	return func(name string) (uint32, bool) {
		if uid, err := strconv.ParseUint(name, 10, 32); err == nil {
			return uint32(uid), true
		}
		uid, ok := byName[name]
		return uid, ok
	}
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
		of := owner(uid)
		if of == root {
			of = ofRoot(first)
		}
		ranges = append(ranges, subordinate{first, count, of})
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

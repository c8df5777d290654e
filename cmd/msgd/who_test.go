//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/peer"
	"msg/internal/sessions"
)

// claims is what a /proc says of one process.
type claims struct {
	uids   string // real, effective, saved, of the file system; "" if it is hidden
	cgroup string
	pids   string // in its process namespaces
	began  time.Duration
}

// procOf returns a /proc that has one process.
func procOf(t *testing.T, pid int, c claims) sessions.System {
	t.Helper()
	proc := t.TempDir()
	system := sessions.System{Proc: proc, Dev: "/dev"}
	if c.uids == "" {
		return system
	}
	dir := filepath.Join(proc, strconv.Itoa(pid))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if c.pids == "" {
		c.pids = strconv.Itoa(pid)
	}
	start := int64(c.began / (10 * time.Millisecond))
	for name, content := range map[string]string{
		"status": fmt.Sprintf("Name:\tx\nUid:\t%s\nGid:\t0\t0\t0\t0\nNSpid:\t%s\n", strings.ReplaceAll(c.uids, " ", "\t"), c.pids),
		"stat":   fmt.Sprintf("%d (x) S 1 %[1]d %[1]d 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 %d 0 0\n", pid, start),
		"cgroup": "0::" + c.cgroup + "\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return system
}

// TestWhoIs: what /proc says of a process counts only if it is the one that connected and has
// had one user all the time. The peers are this process: it lives.
func TestWhoIs(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	const accepted = time.Hour
	const early = accepted - time.Second
	const service = "/system.slice/backup.service"
	for _, c := range []struct {
		name   string
		uid    uint32
		noPID  bool
		says   claims
		want   uint32
		root   bool
		unit   string
		groups []uint32
		err    error
	}{
		{name: "a user", uid: 1000, says: claims{uids: "1000 1000 1000 1000", began: early}, want: 1000},
		{name: "a service", uid: 900, says: claims{uids: "900 900 900 900", cgroup: service, began: early}, want: 900, unit: "backup.service"},
		{name: "root", uid: 0, says: claims{uids: "0 0 0 0", began: early}, want: 0, root: true},
		{name: "root's service", uid: 0, says: claims{uids: "0 0 0 0", cgroup: service, began: early}, want: 0, root: true, unit: "backup.service"},
		{name: "hidden", uid: 1000, want: 1000},
		{name: "root, hidden", uid: 0, want: 0},
		{name: "no number", uid: 0, noPID: true, says: claims{uids: "0 0 0 0", cgroup: service, began: early}, want: 0},
		{name: "began later", uid: 0, says: claims{uids: "0 0 0 0", cgroup: service, began: accepted + time.Second}, want: 0},
		{name: "a user's that began later", uid: 1000, says: claims{uids: "1000 1000 1000 1000", cgroup: service, began: accepted + time.Second}, want: 1000},
		{name: "a container's root", uid: 0, says: claims{uids: "0 0 0 0", cgroup: service, pids: "77 1", began: early}, want: 0},
		{name: "a container's user", uid: 900, says: claims{uids: "900 900 900 900", cgroup: service, pids: "77 1", began: early}, want: 900},
		{name: "msgd's own", uid: 0, says: claims{uids: "0 0 0 0", cgroup: "/system.slice/msgd.service", began: early}, want: 0, root: true},
		{name: "msgd's judge", uid: 977, says: claims{uids: "977 977 977 977", cgroup: "/system.slice/msgd.service", began: early}, want: 977},
		{name: "a set-uid program of root's", uid: 0, says: claims{uids: "1000 0 0 0", cgroup: service, began: early}, want: 1000, groups: []uint32{}},
		{name: "a program of root's that became a user", uid: 0, says: claims{uids: "1000 1000 1000 1000", cgroup: service, began: early}, want: 1000, groups: []uint32{}},
		{name: "root as a user for a while", uid: 0, says: claims{uids: "0 1000 0 1000", cgroup: service, began: early}, want: 0},
		{name: "a user who runs a set-uid program of root's now", uid: 1000, says: claims{uids: "1000 0 0 0", cgroup: service, began: early}, want: 1000},
		{name: "a user who runs another's set-uid program now", uid: 1000, says: claims{uids: "1000 1001 1001 1001", cgroup: service, began: early}, want: 1000},
		{name: "a user with another saved", uid: 1000, says: claims{uids: "1000 1000 0 1000", cgroup: service, began: early}, want: 1000},
		{name: "a user with another's files", uid: 1000, says: claims{uids: "1000 1000 1000 0", cgroup: service, began: early}, want: 1000},
		{name: "another's set-uid program", uid: 1001, says: claims{uids: "1000 1001 1001 1001", began: early}, err: errChanged},
		{name: "a user who became another", uid: 1000, says: claims{uids: "1001 1001 1001 1001", began: early}, err: errChanged},
		{name: "a user who became root", uid: 1000, says: claims{uids: "0 0 0 0", began: early}, err: errChanged},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := peer.Of(pair[0])
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			system := procOf(t, p.PID, c.says)
			p.UID, p.GID, p.Groups = c.uid, 5, []uint32{6}
			if c.noPID {
				p.PID = 0
			}
			w, err := whoIs(p, accepted, system)
			if !errors.Is(err, c.err) {
				t.Fatalf("%v; want %v", err, c.err)
			}
			if c.groups == nil {
				c.groups = []uint32{5, 6}
			}
			if c.err == nil && (w.uid != c.want || w.root != c.root || w.self.Unit != c.unit || !slices.Equal(w.groups, c.groups)) {
				t.Errorf("%+v", w)
			}
			if w.self.Job == ownUnit {
				t.Errorf("a job of msgd's: %+v", w.self)
			}
		})
	}
}

// TestWhoIsGone: of a process that has ended, only the uid counts.
func TestWhoIsGone(t *testing.T) {
	asRoot(t)
	listening, path := newDoor(t)
	c := connectAs(t, 0, path)
	fd, _, err := unix.Accept4(listening, unix.SOCK_CLOEXEC)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	w, err := of(fd, sinceBoot(t), sessions.Local(nil))
	if err != nil || w.uid != 0 || !w.root {
		t.Errorf("root, alive: %+v, %v", w, err)
	}
	if w, err = of(fd, sinceBoot(t)-time.Hour, sessions.Local(nil)); err != nil || w.root {
		t.Errorf("root's process began after the accept: %+v, %v", w, err)
	}
	c.end(t)
	if w, err = of(fd, sinceBoot(t), sessions.Local(nil)); err != nil || w.uid != 0 || w.root {
		t.Errorf("root's process has ended: %+v, %v", w, err)
	}
}

// TestWhoIsUser: a real process of a user's, and of a set-uid program of root's that they run.
func TestWhoIsUser(t *testing.T) {
	asRoot(t)
	listening, path := newDoor(t)
	connectAs(t, aliceUID, path)
	connectBy(t, setuidTo(t, 0), bobUID, path)
	for _, want := range []who{{uid: aliceUID, groups: []uint32{aliceUID}}, {uid: bobUID}} {
		fd, _, err := unix.Accept4(listening, unix.SOCK_CLOEXEC)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		w, err := of(fd, sinceBoot(t), sessions.Local(nil))
		if err != nil || w.uid != want.uid || w.root || !slices.Equal(w.groups, want.groups) {
			t.Errorf("%+v, %v; want %+v", w, err, want)
		}
	}
}

func sinceBoot(t *testing.T) time.Duration {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &now); err != nil {
		t.Fatal(err)
	}
	return time.Duration(now.Nano())
}

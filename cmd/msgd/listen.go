//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/coreos/go-systemd/v22/activation"
	"github.com/coreos/go-systemd/v22/daemon"
	"golang.org/x/sys/unix"

	"msg/internal/accounts"
	"msg/internal/wire"
)

// judgeAccount is the account of msgd's own that its judges run as.
const judgeAccount = "msg"

type account struct{ uid, gid uint32 }

func findJudge() (account, error) {
	var directory accounts.Directory
	u, err := directory.User(context.Background(), judgeAccount)
	if err == nil && (u.UID == 0 || u.GID == 0) {
		err = errors.New("it must not be root's")
	}
	if err != nil {
		return account{}, fmt.Errorf("account %q: %w", judgeAccount, err)
	}
	return account{u.UID, u.GID}, nil
}

var errNotRoot = errors.New("must be started by root")

// listenForSystemd serves the door that systemd has opened (sd_listen_fds(3)), until nothing
// has been in hand for a while.
func listenForSystemd() error {
	if err := handOnNothing(); err != nil {
		return err
	}
	files := activation.Files(true)
	if len(files) != 1 {
		return errors.New(usage)
	}
	door, err := pollable(files[0])
	if err != nil {
		return err
	}
	return listenAt(door, idleTime)
}

// pollable returns another file of the same socket, whose reads can have a deadline. systemd
// hands over a socket that blocks, and a file cannot change that later.
func pollable(door *os.File) (*os.File, error) {
	defer door.Close()
	fd, err := unix.FcntlInt(door.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		_ = unix.Close(fd)
		return nil, err
	}
	return os.NewFile(uintptr(fd), door.Name()), nil
}

// listenAlone makes the door itself, and serves it until it is ended. If group is not "", only
// its members and root may use the door.
func listenAlone(group string) error {
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	if err := handOnNothing(); err != nil {
		return err
	}
	mode, gid, err := doorMode(group)
	if err != nil {
		return err
	}
	judge, err := findJudge()
	if err != nil {
		return err
	}
	unlock, err := lock()
	if err != nil {
		return err
	}
	defer unlock()
	if err := makeDirectories(judge); err != nil {
		return err
	}
	if served(wire.Door) {
		return fmt.Errorf("another program listens already: %s (is msg.socket started?)", wire.Door)
	}
	file, err := openDoor(wire.Door, mode, gid)
	if err != nil {
		return err
	}
	if err := confine(); err != nil {
		return err
	}
	return listenAt(file, 0)
}

// handOnNothing keeps descriptors that this process has inherited, such as a start script's, from
// what it starts.
func handOnNothing() error {
	err := unix.CloseRange(3, math.MaxInt32, unix.CLOSE_RANGE_CLOEXEC)
	if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EINVAL) {
		return err
	}
	entries, err := os.ReadDir("/proc/self/fd") // before Linux 5.11
	for _, entry := range entries {
		if fd, err := strconv.Atoi(entry.Name()); err == nil && fd > 2 {
			unix.CloseOnExec(fd)
		}
	}
	return err
}

// doorMode returns the mode and the group of the door for that group.
func doorMode(group string) (mode os.FileMode, gid int, err error) {
	if group == "" {
		return 0o666, 0, nil
	}
	var directory accounts.Directory
	g, err := directory.Group(context.Background(), group)
	if err != nil {
		return 0, 0, fmt.Errorf("group %q: %w", group, err)
	}
	return 0o660, int(g.GID), nil
}

func listenAt(file *os.File, idle time.Duration) error {
	if os.Geteuid() != 0 {
		return errNotRoot
	}
	judge, err := findJudge()
	if err != nil {
		return err
	}
	l := newListener(file, judge, idle)
	if err := joinGroups(l.groups); err != nil {
		return err
	}
	_, _ = daemon.SdNotify(false, daemon.SdNotifyReady) // without systemd nobody waits for it
	err = l.serve()
	_, _ = daemon.SdNotify(false, daemon.SdNotifyStopping)
	return err
}

// joinGroups puts this process, and the monitors that it starts, into these groups alone, besides
// root's. With hidepid=, a monitor sees the sender's process by such a group only.
func joinGroups(groups []uint32) error {
	gids := make([]int, len(groups))
	for i, gid := range groups {
		gids[i] = int(gid)
	}
	if err := syscall.Setgroups(gids); err != nil {
		return fmt.Errorf("joining groups %v: %w", groups, err)
	}
	return nil
}

// lockPath is beside the door: only root may write there.
const lockPath = "/run/msg/lock"

// lock keeps a second msgd from taking the door away. The kernel releases it when the process
// ends.
func lock() (unlock func(), err error) {
	if err := makeDirectory("/run/msg", 0o755, account{}); err != nil {
		return nil, err
	}
	fd, err := unix.Open(lockPath, unix.O_RDWR|unix.O_CREAT|unix.O_CLOEXEC|unix.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(fd, unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("another msgd listens already: %s: %w", lockPath, err)
	}
	return func() { _ = unix.Close(fd) }, nil
}

// makeDirectories makes what tmpfiles.d makes with systemd.
func makeDirectories(judge account) error {
	return errors.Join(
		makeDirectory("/run/msg/rate", 0o700, judge),
		makeDirectory("/run/msg/pending", unix.S_ISVTX|0o775, account{0, judge.gid}),
		makeDirectory("/var/lib/msg", 0o700, judge),
	)
}

func makeDirectory(path string, mode uint32, of account) error {
	if err := unix.Mkdir(path, mode); err != nil && !errors.Is(err, unix.EEXIST) {
		return fmt.Errorf("%s: %w", path, err)
	}
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_DIRECTORY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer unix.Close(fd)
	return errors.Join(unix.Fchown(fd, int(of.uid), int(of.gid)), unix.Fchmod(fd, mode))
}

// served reports whether a program listens at the door: systemd, which takes no lock.
func served(path string) bool {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return false
	}
	defer unix.Close(fd)
	err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	return err == nil || errors.Is(err, unix.EAGAIN) // so many wait that no more may
}

// queued is how many connections may wait to be accepted.
const queued = 4096

// openDoor makes the door under another name first: a door that nobody listens at would turn
// messages away.
func openDoor(path string, mode os.FileMode, gid int) (*os.File, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	unfinished := path + ".new"
	_ = unix.Unlink(unfinished) // of an msgd that was killed; the lock is ours
	err = unix.Bind(fd, &unix.SockaddrUnix{Name: unfinished})
	if err == nil {
		err = errors.Join(os.Chown(unfinished, 0, gid), os.Chmod(unfinished, mode))
	}
	if err == nil {
		err = unix.Listen(fd, queued)
	}
	if err == nil {
		err = os.Rename(unfinished, path)
	}
	if err != nil {
		_ = unix.Close(fd)
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return os.NewFile(uintptr(fd), path), nil
}

// hidepidGroup returns the group that sees all processes where /proc hides them from others
// (hidepid= and gid= of proc(5)).
func hidepidGroup() (gid uint32, ok bool) {
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(mounts)) {
		fields := strings.Fields(line)
		if len(fields) < 4 || fields[1] != "/proc" || fields[2] != "proc" {
			continue
		}
		gid, ok = 0, false // a later mount covers an earlier one
		for option := range strings.SplitSeq(fields[3], ",") {
			if number, is := strings.CutPrefix(option, "gid="); is {
				n, err := strconv.ParseUint(number, 10, 32)
				gid, ok = uint32(n), err == nil && n != 0
			}
		}
	}
	return gid, ok
}

//go:build linux

package lab

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroups are the one thing that a run leaves when it is killed: its processes
// go with their namespaces, the empty directories stay. The next run takes
// them away.
const (
	cgroupRoot   = "/sys/fs/cgroup"
	cgroupPrefix = "msg-lab-"
)

// A cgroup is the run's own, a child of the one it was started in.
type cgroup struct {
	parent, dir string
}

// joinCgroup makes a cgroup and moves this process, and so all that it starts,
// into it.
func joinCgroup() (cgroup, error) {
	own, err := cgroupOf("self")
	if err != nil {
		return cgroup{}, err
	}
	// An empty cgroup is a dead run's, but for the moment between making one
	// and moving in: that the lock covers.
	lock, err := os.Open(own)
	if err != nil {
		return cgroup{}, err
	}
	defer lock.Close()
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return cgroup{}, fmt.Errorf("locking %s: %w", own, err)
	}
	sweepCgroups(own)
	dir, err := os.MkdirTemp(own, cgroupPrefix)
	if err != nil {
		return cgroup{}, fmt.Errorf("making a cgroup: %w", err)
	}
	return cgroup{own, dir}, enterCgroup(dir)
}

// leave removes the cgroup, whose other processes have ended.
func (c cgroup) leave() error {
	if err := enterCgroup(c.parent); err != nil {
		return err
	}
	return removeEmptied(c.dir)
}

// removeEmptied removes a tree of cgroups whose processes have ended. One that
// has just ended may keep its cgroup busy for a moment.
func removeEmptied(dir string) error {
	deadline := time.Now().Add(2 * time.Second)
	for {
		err := removeCgroup(dir)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// cgroupOf is the directory of a process's cgroup.
func cgroupOf(pid string) (string, error) {
	data, err := os.ReadFile(filepath.Join("/proc", pid, "cgroup"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(data)) {
		if path, ok := strings.CutPrefix(line, "0::"); ok {
			return filepath.Join(cgroupRoot, strings.TrimSpace(path)), nil
		}
	}
	return "", errors.New("this kernel has no cgroup v2")
}

func enterCgroup(dir string) error {
	pid := strconv.Itoa(os.Getpid())
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(pid), 0)
}

// sweepCgroups removes what killed runs have left. A run that lives has
// processes in its cgroup, and those the kernel refuses to remove.
func sweepCgroups(parent string) {
	stale, _ := filepath.Glob(filepath.Join(parent, cgroupPrefix+"*"))
	for _, dir := range stale {
		events, err := os.ReadFile(filepath.Join(dir, "cgroup.events"))
		if err == nil && strings.Contains(string(events), "populated 0") {
			_ = removeCgroup(dir)
		}
	}
}

// removeCgroup removes a tree of cgroups, the innermost first; the files in
// them are the kernel's and go along.
func removeCgroup(dir string) error {
	var dirs []string
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			dirs = append(dirs, path)
		}
		return err
	})
	for _, dir := range slices.Backward(dirs) {
		err = errors.Join(err, unix.Rmdir(dir))
	}
	return err
}

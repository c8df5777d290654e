package sessions

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Confined says why this process can't see who is on this host's terminals, although it may be
// root: it is in a namespace that the terminals come from outside of. It returns "" if none hides
// anybody. A container with terminals of its own is a host.
func (s System) Confined() string {
	terminals, err := s.list()
	if err != nil {
		return ""
	}
	if owner, some := s.overflow(); some && slices.ContainsFunc(terminals, func(t Terminal) bool { return t.Owner == owner }) {
		return NoOwners
	}
	if s.ownProcesses() {
		return noProcesses
	}
	return ""
}

// overflow returns the uid that stands for all that have no number in this process's user
// namespace, and whether there are such (user_namespaces(7)). Without /proc, /dev has to be of such
// an owner.
func (s System) overflow() (uid uint32, some bool) {
	ids, err := readSmall(s.Proc + "/self/uid_map")
	if err == nil && slices.Equal(strings.Fields(string(ids)), []string{"0", "0", "4294967295"}) {
		return 0, false
	}
	const usual = 65534
	uid = usual
	if data, readErr := readSmall(s.Proc + "/sys/kernel/overflowuid"); readErr == nil {
		if n, err := strconv.ParseUint(strings.TrimSpace(string(data)), 10, 32); err == nil {
			uid = uint32(n)
		}
	}
	if err != nil {
		var dev unix.Stat_t
		return uid, unix.Stat(s.Dev, &dev) == nil && dev.Uid == uid
	}
	return uid, true
}

// firstProcesses is the inode number of the process namespace that the kernel starts with
// (PROC_PID_INIT_INO in linux/proc_ns.h).
const firstProcesses = 0xeffffffc

// mountedBefore is how long before its first process a container's manager may mount the
// container's /dev/pts.
const mountedBefore = 5 * time.Second

// ownProcesses reports whether /proc shows the processes of a namespace, and /dev/pts is from
// outside of that: it is older than the namespace's first process.
func (s System) ownProcesses() bool {
	var namespace, pts unix.Stat_t
	err := unix.Stat(s.Proc+"/self/ns/pid", &namespace)
	if err == nil && namespace.Ino == firstProcesses {
		return false
	}
	first, firstErr := readStat(s.Proc + "/1")
	if firstErr != nil || unix.Stat(s.Dev+"/pts", &pts) != nil {
		return false // hidden
	}
	if err != nil {
		return true // /proc is another namespace's
	}
	began := bootTime().Add(time.Duration(first.start) * clockTick)
	return time.Unix(pts.Mtim.Unix()).Add(mountedBefore).Before(began)
}

// doubt marks the terminals whose owner can't be seen, and those that somebody may lead whom /proc
// does not show. It returns why, or "".
func (s System) doubt(terminals []Terminal, hidden bool) (why string) {
	owner, some := s.overflow()
	own := s.ownProcesses()
	switch {
	case own:
		why = noProcesses
	case hidden:
		why = noProc
	}
	for i := range terminals {
		t := &terminals[i]
		if led := slices.Contains(t.Sources, Proc); !led {
			t.Hidden = hidden && (t.isPseudo() || isConsole(t.Name) && !t.Roots())
			t.Unled, t.apart = hidden || own, own
		}
		if t.Anonymous = some && t.Owner == owner; t.Anonymous {
			t.User, why = anonymous, NoOwners
		}
	}
	return why
}

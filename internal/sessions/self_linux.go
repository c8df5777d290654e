package sessions

import (
	"bytes"
	"strconv"
	"time"

	"msg/internal/device"

	"golang.org/x/sys/unix"
)

// unsetLoginUID is the kernel's (uid_t)-1: nobody logged in.
const unsetLoginUID = 1<<32 - 1

// Myself asks the kernel about this process. What it cannot tell stays empty.
func Myself() Self {
	self, _ := selfOf("/proc", "self")
	if !self.controls("/dev") {
		self.Terminal = 0
	}
	return self
}

// Of asks the kernel about another process. It fails if the process is gone or hidden.
func (s System) Of(pid int) (Peer, error) {
	dir := strconv.Itoa(pid)
	status, err := readSmall(s.Proc + "/" + dir + "/status")
	if err != nil {
		return Peer{}, err
	}
	who, ok := parseStatus(status)
	if !ok {
		return Peer{}, errNotStat
	}
	self, began := selfOf(s.Proc, dir)
	if began.pid != pid {
		return Peer{}, errNotStat
	}
	self.Terminal = s.terminalOf(self, who.uids[0])
	return Peer{Self: self, UIDs: who.uids, Confined: !who.ours, Started: time.Duration(began.start) * clockTick}, nil
}

// selfOf asks about the process with that name below /proc. Its terminal is only a number yet.
func selfOf(proc, name string) (Self, process) {
	var self Self
	dir := proc + "/" + name
	me, err := readStat(dir)
	if err == nil {
		self.Terminal = me.device
	}
	if data, err := readSmall(dir + "/loginuid"); err == nil {
		uid, err := strconv.ParseUint(string(bytes.TrimSpace(data)), 10, 32)
		self.LoginUID, self.LoggedIn = uint32(uid), err == nil && uid != unsetLoginUID
	}
	if cgroup, err := readSmall(dir + "/cgroup"); err == nil {
		self.Job, self.Unit, self.Session = jobOf(cgroup), serviceOf(cgroup), sessionOf(cgroup)
		self.SliceUID, self.InSlice = userOf(cgroup)
	}
	if self.Job == "" && self.Terminal == 0 {
		self.Job = jobOfAncestors(proc, me)
	}
	return self, me
}

// terminalOf returns the number of another process's controlling terminal, 0 if it is not sure
// to be this host's: a process may have mounted a /dev/pts of its own. The terminal with that
// number has to belong to the user, or to the user who logged in, as the slice bears out.
func (s System) terminalOf(self Self, uid uint32) uint64 {
	if !device.IsPseudo(self.Terminal) {
		return self.Terminal
	}
	t, ok := s.device(device.Name(self.Terminal))
	if !ok || t.Device != self.Terminal {
		return 0
	}
	behind := self.LoggedIn && self.InSlice && self.SliceUID == self.LoginUID && t.Owner == self.LoginUID
	if t.Owner != uid && !behind {
		return 0
	}
	return self.Terminal
}

// controls reports whether the controlling terminal is the one with its number below dev.
// Anyone may mount a devpts in a user namespace of their own, and take a terminal of it along
// to where its number is somebody else's. The kernel tells only of a controlling terminal
// which process group is in front of it. After su, the terminal may not be opened: it is that
// of who logged in. Then the slice that the process is in has to say the same, as it has to for one
// that hangs: a standard stream that is the terminal is asked first.
func (s Self) controls(dev string) bool {
	if !device.IsPseudo(s.Terminal) {
		return true
	}
	path := dev + "/" + device.Name(s.Terminal)
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return false
	}
	for fd := range 3 {
		var of unix.Stat_t
		if unix.Fstat(fd, &of) == nil && of.Dev == st.Dev && of.Ino == st.Ino && of.Rdev == st.Rdev {
			return inFrontOf(fd)
		}
	}
	asked := make(chan answer, 1)
	go func() { asked <- ask(path) }()
	select {
	case got := <-asked:
		if got.opened {
			return got.controls
		}
	case <-time.After(hangTime):
	}
	return s.InSlice && st.Uid == s.SliceUID
}

// hangTime is how long the terminal may take to be opened.
const hangTime = 100 * time.Millisecond

// answer is what an attempt to open a terminal comes to.
type answer struct{ opened, controls bool }

func ask(path string) answer {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_NOFOLLOW|unix.O_CLOEXEC, 0)
	if err != nil {
		return answer{}
	}
	defer unix.Close(fd)
	return answer{opened: true, controls: inFrontOf(fd)}
}

// inFrontOf reports whether the kernel tells which process group is in front of a terminal.
func inFrontOf(fd int) bool {
	_, err := unix.IoctlGetInt(fd, unix.TIOCGPGRP)
	return err == nil
}

// TerminalOf returns the name of the pseudo-terminal or console that a process of that user
// is on, such as pts/3; "" for none, and if /proc does not tell. The terminal has to be the
// user's: its number could be one in a /dev/pts that they have mounted themselves.
func (s System) TerminalOf(pid int, uid uint32) string {
	p, err := readStat(s.Proc + "/" + strconv.Itoa(pid))
	if err != nil || pid <= 0 {
		return ""
	}
	name := device.Name(p.device)
	if t, ok := s.device(name); name == "" || !ok || t.Device != p.device || t.Owner != uid {
		return ""
	}
	return name
}

// jobOfAncestors finds a cron daemon among the processes above, if no cgroup tells.
// Names are a process's own choice, so only one of root's counts.
func jobOfAncestors(proc string, p process) string {
	for range mostAncestors {
		if p.parent <= 1 {
			return ""
		}
		parent, err := readStat(proc + "/" + strconv.Itoa(p.parent))
		if err != nil {
			return ""
		}
		if job := daemons[parent.name]; job != "" {
			if who, ok := (&procfs{dir: proc}).identity(parent.pid); ok && who.real == 0 {
				return job
			}
		}
		p = parent
	}
	return ""
}

package sessions

import (
	"bytes"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// processes are those that have a terminal, by its device number.
type processes struct {
	proc    string
	leaders map[uint64][]process // more than one where containers number alike
	groups  map[[2]uint64]string // device and process group: a member's name
	hidden  bool
	booted  time.Time
}

// clockTick is the unit of times in /proc/PID/stat (USER_HZ): 1/100 s on every
// architecture that Go runs on.
const clockTick = time.Second / 100

func (s System) processes() processes {
	all := processes{
		proc: s.Proc, leaders: map[uint64][]process{}, groups: map[[2]uint64]string{},
		booted: bootTime(),
	}
	_, err := os.ReadFile(s.Proc + "/1/stat")
	all.hidden = err != nil
	names, err := fileNames(s.Proc)
	if err != nil {
		return all
	}
	buf := make([]byte, 1024) // a stat line is some 300 bytes
	for _, name := range names {
		if name[0] >= '1' && name[0] <= '9' {
			all.add(buf, name)
		}
	}
	return all
}

func (all *processes) add(buf []byte, pid string) {
	data, err := readInto(buf, all.proc+"/"+pid+"/stat")
	if err != nil {
		return // ended since the directory was read
	}
	p, err := parseStat(data)
	if err != nil || p.device == 0 {
		return
	}
	if p.pid == p.session {
		all.leaders[p.device] = append(all.leaders[p.device], p)
	}
	group := [2]uint64{p.device, uint64(p.group)}
	if _, known := all.groups[group]; !known || p.pid == p.group {
		all.groups[group] = p.name
	}
}

// readInto spares the allocations of os.ReadFile, for thousands of small files.
func readInto(buf []byte, path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	n, err := unix.Read(fd, buf)
	return buf[:max(0, n)], err
}

// describe adds to each terminal who leads it and what runs in front.
func (all processes) describe(terminals []Terminal) {
	for i := range terminals {
		t := &terminals[i]
		leader, ok := all.leader(t)
		if !ok {
			t.Hidden = all.hidden && strings.HasPrefix(t.Name, "pts/")
			continue
		}
		t.addSource(Proc)
		t.Prompt = leader.isPrompt() && t.Owner == 0
		t.What = all.groups[[2]uint64{t.Device, uint64(leader.foreground)}]
		t.Since = all.booted.Add(time.Duration(leader.start) * clockTick)
		cgroup, err := os.ReadFile(all.proc + "/" + strconv.Itoa(leader.pid) + "/cgroup")
		if err == nil {
			t.Session = sessionOf(cgroup)
		}
	}
}

// leader returns the session leader on a device of this /dev. A container has a
// /dev/pts of its own, with the same device numbers for other terminals; its
// processes are told by their process namespace. Anyone may have such a /dev/pts in a
// namespace for files alone: where several lead, it is the one whose terminal it is.
func (all processes) leader(t *Terminal) (process, bool) {
	var ours []process
	for _, p := range all.leaders[t.Device] {
		if all.ours(p.pid) {
			ours = append(ours, p)
		}
	}
	switch len(ours) {
	case 0:
		return process{}, false
	case 1:
		return ours[0], true
	}
	for _, p := range ours {
		if uid, err := realUID(all.proc, p.pid); err == nil && uid == t.Owner {
			return p, true
		}
	}
	return ours[0], true
}

// ours reports whether the process is in the process namespace of this one. The
// namespaces of other people's processes are root's to see; anyone sees that a
// process has a second number, in a namespace below (NSpid, proc_pid_status(5)).
func (all processes) ours(pid int) bool {
	dir := all.proc + "/" + strconv.Itoa(pid)
	var theirs, own unix.Stat_t
	if unix.Stat(dir+"/ns/pid", &theirs) == nil && unix.Stat(all.proc+"/self/ns/pid", &own) == nil {
		return theirs.Ino == own.Ino
	}
	status, err := os.ReadFile(dir + "/status")
	if err != nil {
		return true // hidden: the terminal's owner decides
	}
	_, numbers, found := bytes.Cut(status, []byte("\nNSpid:"))
	numbers, _, _ = bytes.Cut(numbers, []byte("\n"))
	return !found || len(bytes.Fields(numbers)) == 1
}

// bootTime is when the clock of /proc/PID/stat began.
func bootTime() time.Time {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(since.Nano()))
}

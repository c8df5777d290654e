package sessions

import (
	"bytes"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/hang"
)

// procfs is /proc. It reads no more than it has to (docs/decisions, 5): a process's stat takes
// some 14 µs, getsid(2) takes 2. To read files side by side gains nothing: the kernel has them
// wait for each other.
type procfs struct {
	dir     string
	hidden  bool // other people's processes are
	foreign bool // its numbers are not those of this process's namespace

	leading map[uint64][]process // session leaders, by terminal
	left    []int                // processes that ended and have threads that a terminal may hold
	session map[int][]int        // the processes of each session
	known   map[int]process      // what has been read; pid 0 for one that is gone
	clocks  map[int]clock        // by processor, once asked for
}

func readProc(dir string) (*procfs, error) {
	p := &procfs{dir: dir, leading: map[uint64][]process{}, session: map[int][]int{}, known: map[int]process{}, clocks: map[int]clock{}}
	_, err := readSmall(dir + "/1/stat")
	p.hidden = err != nil
	names, err := fileNames(dir)
	if err != nil {
		return p, err
	}
	self, err := os.Readlink(dir + "/self")
	p.foreign = err != nil || self != strconv.Itoa(os.Getpid())
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			p.add(pid)
		}
	}
	return p, nil
}

// add keeps a process for its session, and what there is to know of a session leader.
func (p *procfs) add(pid int) {
	sid, err := unix.Getsid(pid)
	if p.foreign || err != nil { // a security module may forbid the question
		found, ok := p.process(pid)
		if !ok {
			return
		}
		sid = found.session
	}
	p.session[sid] = append(p.session[sid], pid)
	if sid != pid {
		return
	}
	leader, ok := p.process(pid)
	switch {
	case ok && leader.device != 0:
		p.leading[leader.device] = append(p.leading[leader.device], leader)
	case ok && leader.state == 'Z' && slices.Contains(hang.Programs, leader.name):
		p.left = append(p.left, pid)
	}
}

// hanging returns the terminals (st_rdev) that hold threads of root's, or of this process's user,
// for an earlier message.
func (p *procfs) hanging() map[uint64]bool {
	held := map[uint64]bool{}
	for _, pid := range p.left {
		who, ok := p.identity(pid)
		if !ok || !who.ours || who.real != 0 && who.real != uint32(os.Getuid()) {
			continue // anyone may name a process like that
		}
		threads, err := fileNames(p.path(pid, "task"))
		if err != nil {
			continue // it is gone by now
		}
		for _, id := range threads {
			thread, err := readStat(p.path(pid, "task/"+id))
			if at, ok := hang.Device(thread.name); err == nil && ok && thread.state == 'D' {
				held[at] = true
			}
		}
	}
	return held
}

func (p *procfs) leaders(device uint64) []process { return p.leading[device] }

func (p *procfs) process(pid int) (process, bool) {
	if found, asked := p.known[pid]; asked {
		return found, found.pid != 0
	}
	found, err := readStat(p.dir + "/" + strconv.Itoa(pid))
	p.known[pid] = found
	return found, err == nil
}

func (p *procfs) members(leader process, group int) []process {
	var all []process
	for _, pid := range p.session[leader.pid] {
		if of, err := unix.Getpgid(pid); err == nil && of != group && !p.foreign {
			continue
		}
		if m, ok := p.process(pid); ok && m.group == group && m.device == leader.device {
			all = append(all, m)
		}
	}
	return all
}

// identity reads /proc/PID/status: the uids, and in NSpid whether the process has a second
// number, in a namespace below this one. The owner of /proc/PID would not do: it is root also
// of a user's process that made itself undumpable.
func (p *procfs) identity(pid int) (identity, bool) {
	status, err := readSmall(p.path(pid, "status"))
	if err != nil {
		return identity{}, false
	}
	who, ok := parseStatus(status)
	return identity{who.uids[0], who.uids[1], who.ours}, ok
}

// statusUIDs is what /proc/PID/status says of who a process is.
type statusUIDs struct {
	uids [4]uint32 // real, effective, saved, of the file system
	ours bool      // it has one number, in this process namespace
}

func parseStatus(status []byte) (who statusUIDs, ok bool) {
	uids := bytes.Fields(line(status, "\nUid:"))
	if len(uids) < len(who.uids) {
		return who, false
	}
	for i := range who.uids {
		uid, err := strconv.ParseUint(string(uids[i]), 10, 32)
		if err != nil {
			return who, false
		}
		who.uids[i] = uint32(uid)
	}
	who.ours = len(bytes.Fields(line(status, "\nNSpid:"))) < 2
	return who, true
}

// argumentsTime is how long all command lines may take.
const argumentsTime = 100 * time.Millisecond

// arguments reads each user's command lines by itself. The kernel copies one out of the process's
// memory, and waits as long as the process has that locked (get_mm_cmdline in fs/proc/base.c): with
// a file system of their own, anyone can have it wait for ever. What hangs is left behind, and
// takes nobody's command lines along but its own user's.
func (p *procfs) arguments(of map[uint32][]int) map[int][]string {
	type commandLine struct {
		pid  int
		argv []string
	}
	total := 0
	for _, pids := range of {
		total += len(pids)
	}
	read := make(chan commandLine, total) // with room for what comes too late
	for _, pids := range of {
		go func() {
			for _, pid := range pids {
				data, err := readSmall(p.path(pid, "cmdline"))
				one := commandLine{pid: pid}
				if err == nil {
					one.argv = strings.Split(string(data), "\x00")
				}
				read <- one
			}
		}()
	}
	found := make(map[int][]string, total)
	enough := time.After(argumentsTime)
	for range total {
		select {
		case one := <-read:
			found[one.pid] = one.argv
		case <-enough:
			return found
		}
	}
	return found
}

func (p *procfs) cgroup(pid int) []byte {
	data, err := readSmall(p.path(pid, "cgroup"))
	if err != nil {
		return nil
	}
	return data
}

func (p *procfs) path(pid int, file string) string {
	return p.dir + "/" + strconv.Itoa(pid) + "/" + file
}

// readStat reads a process's stat, in its directory below /proc.
func readStat(dir string) (process, error) {
	data, err := readSmall(dir + "/stat")
	if err != nil {
		return process{}, err
	}
	return parseStat(data)
}

const smallSize = 8192

// readSmall reads what the kernel makes up in one piece, such as a process's cgroups. It spares
// what os.ReadFile does besides, for thousands of files.
func readSmall(path string) ([]byte, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var buf [smallSize]byte
	n, err := unix.Read(fd, buf[:])
	return bytes.Clone(buf[:max(0, n)]), err
}

// bootTime is when the clock of /proc/PID/stat began.
func bootTime() time.Time {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(since.Nano()))
}

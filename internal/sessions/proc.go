package sessions

import (
	"bytes"
	"errors"
	"slices"
	"strconv"
)

// process is what /proc/PID/stat says of a process (proc_pid_stat(5)).
type process struct {
	pid, parent, group, session int
	foreground                  int // process group in the terminal's foreground
	device                      uint64
	name                        string // raw bytes, chosen by the process
	state                       byte   // R, S, D, T, …
	start                       uint64 // clock ticks since boot
}

var errNotStat = errors.New("not in the form of /proc/PID/stat")

// parseStat reads /proc/PID/stat. The name may hold anything, also blanks and parentheses; it
// ends at the last parenthesis.
func parseStat(data []byte) (process, error) {
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || end < open {
		return process{}, errNotStat
	}
	pid, pidErr := strconv.Atoi(string(bytes.TrimSuffix(data[:open], []byte{' '})))
	f := fields{rest: data[end+1:]}
	state := f.next() // the third field of the man page
	p := process{pid: pid, name: string(data[open+1 : end])}
	p.parent, p.group, p.session = f.number(), f.number(), f.number()
	p.device, p.foreground = deviceNumber(f.number()), f.number()
	for range 22 - 9 {
		f.bad = f.bad || len(f.next()) == 0
	}
	start, startErr := strconv.ParseUint(string(f.next()), 10, 64)
	if pidErr != nil || startErr != nil || f.bad || len(state) != 1 {
		return process{}, errNotStat
	}
	p.state, p.start = state[0], start
	return p, nil
}

// fields are read one after the other: there may be thousands of such files.
type fields struct {
	rest []byte
	bad  bool
}

func (f *fields) next() []byte {
	f.rest = bytes.TrimLeft(f.rest, " ")
	field, rest, _ := bytes.Cut(f.rest, []byte{' '})
	f.rest = rest
	return bytes.TrimSuffix(field, []byte{'\n'})
}

func (f *fields) number() int {
	v, err := strconv.Atoi(string(f.next()))
	f.bad = f.bad || err != nil
	return v
}

// deviceNumber turns tty_nr, in the kernel's 32-bit encoding (new_encode_dev in linux/kdev_t.h),
// into stat(2)'s st_rdev (glibc's makedev).
func deviceNumber(ttyNr int) uint64 {
	dev := uint64(uint32(ttyNr)) // printed signed
	major := dev >> 8 & 0xfff
	minor := dev&0xff | dev>>12&0xfff00
	return major&0xfff<<8 | minor&0xff | minor&^0xff<<12
}

// isPrompt reports whether the session leader waits for somebody to log in. login may stay the
// leader of the shell that it started; then it is not in front.
func (p process) isPrompt() bool {
	return slices.Contains(prompts, p.name) && p.foreground == p.group
}

// inFront reports whether the process has its terminal's screen and keyboard.
func (p process) inFront() bool { return p.device != 0 && p.group == p.foreground }

// stopped reports whether the process waits to be continued, as after Ctrl-Z.
func (p process) stopped() bool { return p.state == 'T' || p.state == 't' }

package sessions

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"golang.org/x/sys/unix"
)

// tellBirths adds to each terminal whether it began as group-writable.
func (s System) tellBirths(terminals []Terminal) error {
	const unknown = groupWrites // in doubt, as birth.on has it
	devpts := sync.OnceValues(s.devptsMode)
	login := sync.OnceValues(func() (uint32, error) { return readLoginMode(s.LoginDefs) })
	var problem error
	ask := func(source func() (uint32, error)) uint32 {
		mode, err := source()
		if err != nil {
			problem = err
			return unknown
		}
		return mode
	}
	for i := range terminals {
		t := &terminals[i]
		b := birth{pseudo: strings.HasPrefix(t.Name, "pts/"), maker: t.maker}
		if t.Hidden {
			b.maker = unseen
		}
		if b.pseudo && b.maker != loginProgram {
			b.devpts = ask(devpts)
		} else {
			b.login = ask(login)
		}
		t.BornOn = b.on()
	}
	return problem
}

// devptsMode returns the mode of new terminals in this /dev/pts.
func (s System) devptsMode() (uint32, error) {
	var st unix.Stat_t
	if err := unix.Stat(s.Dev+"/pts", &st); err != nil {
		return 0, fmt.Errorf("%s/pts: %w", s.Dev, err)
	}
	f, err := os.Open(s.Proc + "/self/mountinfo")
	if err != nil {
		return 0, err
	}
	defer f.Close()
	mode, err := mountMode(f, unix.Major(st.Dev), unix.Minor(st.Dev))
	if err != nil {
		return 0, fmt.Errorf("%s: %s/pts: %w", f.Name(), s.Dev, err)
	}
	return mode, nil
}

var errNoMode = errors.New("no mode is told for new terminals")

// mountMode returns the option mode of the devpts with that device number
// (/proc/PID/mountinfo in proc_pid_mountinfo(5)). It is the file system's, whatever is mounted
// where.
func mountMode(mountinfo io.Reader, major, minor uint32) (uint32, error) {
	device := fmt.Sprintf("%d:%d", major, minor)
	lines := bufio.NewReader(mountinfo)
	for {
		line, err := lines.ReadString('\n')
		mount, fileSystem, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " - ")
		about, of := strings.Fields(mount), strings.Fields(fileSystem)
		if len(about) > 2 && about[2] == device && len(of) > 2 && of[0] == "devpts" {
			return optionMode(of[2])
		}
		if errors.Is(err, io.EOF) {
			return 0, errNoMode
		}
		if err != nil {
			return 0, err
		}
	}
}

func optionMode(options string) (uint32, error) {
	for option := range strings.SplitSeq(options, ",") {
		if number, ok := strings.CutPrefix(option, "mode="); ok {
			mode, err := strconv.ParseUint(number, 8, 32)
			return uint32(mode), err
		}
	}
	return 0, errNoMode
}

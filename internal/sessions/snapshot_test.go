package sessions

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/txtar"
)

// snapshot is /proc and /dev at one moment on a real host, as test/e2e records it
// (go test ./test/e2e -record): a txtar file with the sections devices, processes
// and want.
type snapshot struct {
	terminals []Terminal
	all       map[int]*recorded
	want      map[string]string // what is meant: the places, in order
}

type recorded struct {
	process
	uid       uint32
	effective uint32
	args      []string
	groups    []byte // cgroup
	run       time.Duration
}

func readSnapshot(t testing.TB, file string) *snapshot {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &snapshot{all: map[int]*recorded{}, want: map[string]string{}}
	for _, section := range archive.Files {
		read := map[string]func(string) error{"devices": s.device, "processes": s.processLine(), "want": s.wanted}[section.Name]
		if read == nil {
			t.Fatalf("%s: section %q", file, section.Name)
		}
		lines := bufio.NewScanner(bytes.NewReader(section.Data))
		for lines.Scan() {
			if err := read(lines.Text()); err != nil {
				t.Fatalf("%s: %q: %v", file, lines.Text(), err)
			}
		}
	}
	if len(s.terminals) == 0 || len(s.all) == 0 || len(s.want) == 0 {
		t.Fatalf("%s says nothing", file)
	}
	return s
}

// device reads "pts/3 owner uid mode atime", the mode in octal.
func (s *snapshot) device(line string) error {
	var t Terminal
	var mode uint32
	var major, minor uint64
	var input float64
	if _, err := fmt.Sscanf(line, "%s %d:%d %s %d %o %f", &t.Name, &major, &minor, &t.User, &t.Owner, &mode, &input); err != nil {
		return err
	}
	t.Device, t.Mode, t.Sources = major<<8|minor, mode, []Source{Device}
	t.LastInput = time.Unix(0, int64(input*1e9))
	s.terminals = append(s.terminals, t)
	return nil
}

// processLine reads a process's "stat LINE", and what else is known of it on the
// lines after that.
func (s *snapshot) processLine() func(string) error {
	var p *recorded
	return func(line string) (err error) {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "stat":
			p = &recorded{}
			if p.process, err = parseStat([]byte(value)); err == nil {
				s.all[p.pid] = p
			}
		case "uid": // the real and the effective one
			_, err = fmt.Sscan(value, &p.uid, &p.effective)
		case "cgroup":
			p.groups = []byte(value + "\n")
		case "args":
			p.args = strings.Fields(value)
		case "ran":
			ms, parseErr := strconv.ParseFloat(value, 64)
			p.run, err = time.Duration(ms*1e6), parseErr
		default:
			err = fmt.Errorf("a line %q", key)
		}
		return err
	}
}

func (s *snapshot) wanted(line string) error {
	meant, places, ok := strings.Cut(line, ": ")
	if !ok {
		return fmt.Errorf("no colon")
	}
	s.want[meant] = places
	return nil
}

func (s *snapshot) leaders(device uint64) []process {
	var all []process
	for _, p := range s.all {
		if p.pid == p.session && p.device == device {
			all = append(all, p.process)
		}
	}
	return all
}

func (s *snapshot) process(pid int) (process, bool) {
	if p := s.all[pid]; p != nil {
		return p.process, true
	}
	return process{}, false
}

func (s *snapshot) members(leader process, group int) []process {
	var all []process
	for _, p := range s.all {
		if p.session == leader.pid && p.group == group {
			all = append(all, p.process)
		}
	}
	slices.SortFunc(all, func(a, b process) int { return a.pid - b.pid })
	return all
}

func (s *snapshot) identity(pid int) (identity, bool) {
	if p := s.all[pid]; p != nil {
		return identity{p.uid, p.effective, true}, true
	}
	return identity{}, false
}

func (s *snapshot) arguments(of map[uint32][]int) map[int][]string {
	found := map[int][]string{}
	for _, pids := range of {
		for _, pid := range pids {
			found[pid] = s.all[pid].args
		}
	}
	return found
}

func (s *snapshot) cgroup(pid int) []byte     { return s.all[pid].groups }
func (s *snapshot) ran(pid int) time.Duration { return s.all[pid].run }

// picture is what is found out from the snapshot.
func (s *snapshot) picture() Picture {
	plant(s.terminals, s, time.Unix(0, 0))
	return Picture{Terminals: s.terminals}
}

//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// memory is what msg's processes on the soak's hosts had, by /proc, which shows the tester all of
// them. Most are there for some hundredths of a second; a look in twenty a second meets
// many of them.
type memory struct {
	namespaces []string // of the hosts' pids: others' msgd runs beside
	processes  []*watched
	last       map[int]*watched // by pid, as the tester sees it
}

// watchedNames are those of msg's processes: what users run, and msgd's three.
var watchedNames = []string{"msg", "msgd", "msgd-judge", "msgd-monitor"}

// watched is one process, and all looks at it.
type watched struct {
	name      string
	namespace string // of its pid
	looks     []look
}

type look struct {
	at             float64 // part of the time that has passed, 0 to 1
	peak, now      int     // resident, in kB
	files, threads int
}

func newMemory(t *testing.T, hosts []*lab.Host) *memory {
	m := &memory{last: map[int]*watched{}}
	for _, h := range hosts {
		m.namespaces = append(m.namespaces, strings.TrimSpace(h.Run(t, "readlink", "/proc/self/ns/pid").Stdout))
	}
	return m
}

// follow looks for so long.
func (m *memory) follow(length time.Duration) {
	for begun := time.Now(); time.Since(begun) < length; time.Sleep(50 * time.Millisecond) {
		found, judges := map[int]*watched{}, map[string]int{}
		var listeners []*watched
		paths, _ := filepath.Glob("/proc/[0-9]*/comm")
		for _, path := range paths {
			comm, _ := os.ReadFile(path)
			name, dir := strings.TrimSpace(string(comm)), filepath.Dir(path)
			pid, _ := strconv.Atoi(filepath.Base(dir))
			if !slices.Contains(watchedNames, name) {
				continue
			}
			of, err := os.Readlink(dir + "/ns/pid")
			if err == nil && !slices.Contains(m.namespaces, of) {
				continue
			}
			if name == "msgd-judge" {
				judges[of]++
			}
			p := m.last[pid]
			one, ok := lookAt(dir)
			if !ok {
				if p != nil && p.name == name {
					found[pid] = p // one look that fails makes no other process of it
				}
				continue
			}
			if p == nil || p.name != name {
				p = &watched{name: name, namespace: of}
				m.processes = append(m.processes, p)
			}
			one.at = time.Since(begun).Seconds() / length.Seconds()
			p.looks, found[pid] = append(p.looks, one), p
			if name == "msgd" {
				listeners = append(listeners, p)
			}
		}
		for _, p := range listeners { // each has a file for a conversation that goes on
			p.looks[len(p.looks)-1].files -= judges[p.namespace]
		}
		m.last = found
	}
}

func lookAt(dir string) (one look, ok bool) {
	status, err := os.ReadFile(dir + "/status")
	files, _ := os.ReadDir(dir + "/fd")
	for line := range strings.Lines(string(status)) {
		key, value, _ := strings.Cut(line, ":")
		n, _ := strconv.Atoi(strings.Fields(value + " 0")[0])
		switch key {
		case "VmHWM":
			one.peak = n
		case "VmRSS":
			one.now = n
		case "Threads":
			one.threads = n
		}
	}
	one.files = len(files)
	return one, err == nil && one.now > 0
}

// stays reports whether it was there for nearly all of the time.
func (p *watched) stays() bool { return p.looks[len(p.looks)-1].at-p.looks[0].at > 0.8 }

// thirds are the middle and the highest of a figure in the first and in the last third.
type thirds struct{ first, last, firstMost, lastMost int }

func thirdsOf(looks []look, figure func(look) int) thirds {
	var first, last []int
	for _, one := range looks {
		switch {
		case one.at < 1./3:
			first = append(first, figure(one))
		case one.at > 2./3:
			last = append(last, figure(one))
		}
	}
	if len(first) == 0 || len(last) == 0 {
		return thirds{}
	}
	slices.Sort(first)
	slices.Sort(last)
	return thirds{first[len(first)/2], last[len(last)/2], first[len(first)-1], last[len(last)-1]}
}

func (t thirds) String() string {
	return fmt.Sprintf("%d to %d (most %d, %d)", t.first, t.last, t.firstMost, t.lastMost)
}

// ofRuns are the last looks at each process of that name which came and went.
func (m *memory) ofRuns(name string) (looks []look) {
	for _, p := range m.processes {
		if p.name == name && !p.stays() {
			looks = append(looks, p.looks[len(p.looks)-1])
		}
	}
	return looks
}

// How much more the last third may have than the first. What one run has at most differs by
// 0.5 MB, by when it was collected and which pages of its file it has used. What stays collects
// when it has 4 MB, and not before: the judge that waits, which everyone's answers ask, gets
// there in an hour, and has 8 MB resident from then on.
const (
	moreOfRuns  = 1 << 10 // kB
	moreOfStays = 5 << 10
	moreThreads = 3 // the runtime starts one when others are in the kernel, and keeps it
)

func (m *memory) judge(t *testing.T) {
	t.Helper()
	stay := 0
	for _, p := range m.processes {
		if !p.stays() {
			continue
		}
		stay++
		resident, files, threads := p.thirds()
		if resident.last > resident.first+moreOfStays || files.last > files.first || threads.last > threads.first+moreThreads {
			t.Errorf("%s has grown: %v kB resident, %v files, %v threads", p.name, resident, files, threads)
		}
	}
	if stay != 10 { // on each host, the listener, alice's msg, its judge and its monitor, and root's countdown
		t.Errorf("%d processes have been there all the time", stay)
	}
	for _, name := range watchedNames {
		peaks := thirdsOf(m.ofRuns(name), func(l look) int { return l.peak })
		if peaks.first > 0 && peaks.last > peaks.first+moreOfRuns {
			t.Errorf("runs of %s have grown: %v kB at most", name, peaks)
		}
	}
}

func (p *watched) thirds() (resident, files, threads thirds) {
	return thirdsOf(p.looks, func(l look) int { return l.now }),
		thirdsOf(p.looks, func(l look) int { return l.files }),
		thirdsOf(p.looks, func(l look) int { return l.threads })
}

func (m *memory) table() string {
	var b strings.Builder
	for _, name := range watchedNames {
		runs := m.ofRuns(name)
		fmt.Fprintf(&b, "\n| most memory of %d runs of %s, kB, first to last third | %v |", len(runs), name, thirdsOf(runs, func(l look) int { return l.peak }))
	}
	for _, p := range m.processes {
		if p.stays() {
			resident, files, threads := p.thirds()
			fmt.Fprintf(&b, "\n| %s that stays | %v kB, %v files, %v threads |", p.name, resident, files, threads)
		}
	}
	return b.String()
}

package sessions

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

const bashStat = "4242 (bash) S 4100 4242 4242 34818 4300 4194304 1 2 3 4 5 6 7 8 20 0 1 0 185593 3133440 365\n"

func TestParseStat(t *testing.T) {
	p, err := parseStat([]byte(bashStat))
	want := process{
		pid: 4242, parent: 4100, group: 4242, session: 4242, foreground: 4300,
		device: 136<<8 | 2, name: "bash", state: 'S', start: 185593,
	}
	if err != nil || p != want {
		t.Errorf("got %+v, %v; want %+v", p, err, want)
	}
	for _, name := range []string{"a) R 1 1 1", "(((", "", "\x1b[2J\n", ")"} {
		p, err := parseStat([]byte(strings.Replace(bashStat, "bash", name, 1)))
		want.name = name
		if err != nil || p != want {
			t.Errorf("a process named %q is %+v, %v", name, p, err)
		}
	}
	for _, bad := range []string{"", "1", "1 (x", ") 1 (", "x (y) S 1 2 3", bashStat[:40], strings.Replace(bashStat, "34818", "x", 1)} {
		if p, err := parseStat([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, p)
		}
	}
}

// TestLoginStaysLeader: shadow's login waits for the shell that it started, and
// somebody is logged in then.
func TestLoginStaysLeader(t *testing.T) {
	for stat, want := range map[string]bool{
		"10 (agetty) S 1 10 10 1025 10": true,
		"10 (login) S 1 10 10 1025 10":  true,
		"10 (login) S 1 10 10 1025 20":  false,
		"10 (bash) S 1 10 10 1025 10":   false,
	} {
		p, err := parseStat([]byte(stat + strings.Repeat(" 0", 14)))
		if err != nil || p.isPrompt() != want {
			t.Errorf("%q is a prompt: %v, %v", stat, p.isPrompt(), err)
		}
	}
}

func TestDeviceNumber(t *testing.T) {
	for ttyNr, want := range map[int]uint64{
		0: 0, 1025: 4<<8 | 1, 34816: 136 << 8, 34818: 136<<8 | 2,
		34816 | 1<<20: 136<<8 | 256<<12, // pts/256, whose minor number has more than 8 bits
	} {
		if got := deviceNumber(ttyNr); got != want {
			t.Errorf("tty_nr %d is device %#x, want %#x", ttyNr, got, want)
		}
	}
}

func TestSessionOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/user.slice/user-1000.slice/session-c22.scope\n":                          "c22",
		"0::/user.slice/user-1000.slice/session-3.scope/below\n":                      "3",
		"9:name=systemd:/user.slice/user-0.slice/session-12.scope\n8:pids:/x\n0::/\n": "12",
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/tmux.scope\n":     "",
		"0::/user.slice/user-1000.slice/user@1000.service/session-c1.scope\n":         "",
		"0::/x/user.slice/user-1000.slice/session-c1.scope\n":                         "",
		"0::/user.slice/user-1000.slice/session-../../etc.scope\n":                    "",
		"8:pids:/user.slice/user-1000.slice/session-c1.scope\n":                       "",
		"0::/user.slice/user-1000.slice/session-c1.scope.d\n":                         "",
		"": "",
	} {
		if got := sessionOf([]byte(cgroup)); got != want {
			t.Errorf("%q is session %q, want %q", cgroup, got, want)
		}
	}
}

func TestUserOf(t *testing.T) {
	for cgroup, want := range map[string]int{
		"0::/user.slice/user-1000.slice/session-c22.scope\n":                 1000,
		"0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope": 1000,
		"9:name=systemd:/user.slice/user-0.slice/session-12.scope\n0::/\n":   0,
		"0::/user.slice/user-1000.slice/user@1000.service/user-0.slice/x":    1000,
		"0::/system.slice/user-0.slice/x.service":                            -1,
		"0::/user.slice/user-0x1.slice/session-1.scope":                      -1,
		"0::/user.slice/user-4294967296.slice/session-1.scope":               -1,
		"0::/user.slice": -1,
		"0::/":           -1,
		"":               -1,
	} {
		uid, ok := userOf([]byte(cgroup))
		if ok != (want >= 0) || ok && int(uid) != want {
			t.Errorf("%q is user %d, %v; want %d", cgroup, uid, ok, want)
		}
	}
}

func TestJobOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/system.slice/cron.service\n":                                        "cron",
		"0::/system.slice/crond.service\n":                                       "cron",
		"0::/system.slice/atd.service\n":                                         "at",
		"0::/system.slice/backup.service\n":                                      "backup.service",
		"0::/system.slice/system-job.slice/job@1.service/x\n":                    "job@1.service",
		"1:name=systemd:/system.slice/cron.service\n0::/\n":                      "cron",
		"0::/user.slice/user-1000.slice/session-c1.scope\n":                      "",
		"0::/user.slice/user-1.slice/user@1.service/system.slice/cron.service\n": "",
		"0::/init.scope\n":                                                       "",
	} {
		if got := jobOf([]byte(cgroup)); got != want {
			t.Errorf("%q is job %q, want %q", cgroup, got, want)
		}
	}
}

// FuzzStat holds that whatever a process calls itself, the kernel's fields are read as the
// kernel has them, and that what is no line of its is refused.
func FuzzStat(f *testing.F) {
	f.Add("bash", 4242, 4100, 4242, 4242, 34818, 4300, uint64(185593))
	f.Add("a) R 1 1 1", 1, 0, -1, 0, -1, -1, ^uint64(0))
	f.Add(bashStat, 1, 1, 1, 1, 1, 1, uint64(1))
	f.Add("\v0()0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0", 1, 1, 1, 1, 1, 1, uint64(0))
	f.Add(") S (\n", 1, 1, 1, 1, 1, 1, uint64(0))
	f.Fuzz(func(t *testing.T, name string, pid, parent, group, session, ttyNr, foreground int, start uint64) {
		line := fmt.Sprintf("%d (%s) S %d %d %d %d %d 4194304 1 2 3 4 5 6 7 8 20 0 1 0 %d 3133440 365\n",
			pid, name, parent, group, session, ttyNr, foreground, start)
		want := process{
			pid: pid, parent: parent, group: group, session: session, foreground: foreground,
			device: deviceNumber(ttyNr), name: name, state: 'S', start: start,
		}
		if p, err := parseStat([]byte(line)); err != nil || p != want {
			t.Errorf("%q is %+v, %v; want %+v", line, p, err, want)
		}
		if p, err := parseStat([]byte(name)); err == nil && !statLine.MatchString(name) {
			t.Errorf("%q is %+v", name, p)
		}
	})
}

// statLine is what is taken for a line of /proc/PID/stat, as an expression.
var statLine = regexp.MustCompile(`(?s)^\s*[-+]?\d+\s*\(.*\) *[^ )](\n)?( +[-+]?\d+\n?){5}( +[^ )]+){13} +\d+\n?( [^)]*)?$`)

// FuzzCgroup holds that sessions, users and services are read as expressions have them that
// know no components.
func FuzzCgroup(f *testing.F) {
	for _, path := range []string{
		"0::/user.slice/user-1000.slice/session-c22.scope", "0::/user.slice/user-1000.slice/user@1000.service/session-c1.scope",
		"9:name=systemd:/user.slice/user-0.slice/session-12.scope\n8:pids:/x\n0::/", "0::/user.slice/user-4294967296.slice/session-../x.scope",
		"0::/system.slice/system-job.slice/job@1.service/below", "1:name=systemd:/system.slice/cron.service", "0::/system.slice/.service", "0:",
	} {
		f.Add([]byte(path))
	}
	tree := `(?m)^(?:0:|[^:\n]*:name=systemd):`
	slice := tree + `/user\.slice/user-(\d+)\.slice(?:/session-([0-9A-Za-z]{1,32})\.scope)?(?:/|$)`
	inSlice := regexp.MustCompile(slice)
	inService := regexp.MustCompile(tree + `/system\.slice(?:/[^/\n]*\.slice)*/([^/\n]+\.service)(?:/|$)`)
	f.Fuzz(func(t *testing.T, cgroup []byte) {
		session, user, inAny := "", uint64(0), false
		for _, found := range inSlice.FindAllSubmatch(cgroup, -1) {
			uid, err := strconv.ParseUint(string(found[1]), 10, 32)
			if err != nil {
				continue
			}
			if !inAny {
				user, inAny = uid, true
			}
			if session == "" {
				session = string(found[2])
			}
		}
		if got := sessionOf(cgroup); got != session {
			t.Errorf("%q is session %q, want %q", cgroup, got, session)
		}
		if got, ok := userOf(cgroup); ok != inAny || uint64(got) != user {
			t.Errorf("%q is of %d, %v; want %d, %v", cgroup, got, ok, user, inAny)
		}
		service := ""
		if found := inService.FindSubmatch(cgroup); found != nil {
			service = string(found[1])
		}
		if got := serviceOf(cgroup); got != service {
			t.Errorf("%q is service %q, want %q", cgroup, got, service)
		}
	})
}

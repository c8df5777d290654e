package sessions

import (
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

func FuzzProc(f *testing.F) {
	f.Add([]byte(bashStat))
	f.Add([]byte("0::/user.slice/user-1000.slice/session-c22.scope\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, err := parseStat(data); err == nil && p.pid < 0 && !strings.HasPrefix(strings.TrimSpace(string(data)), "-") {
			t.Errorf("%q is %+v", data, p)
		}
		if id := sessionOf(data); strings.ContainsAny(id, "/.\n ") || len(id) > 32 {
			t.Errorf("%q is session %q", data, id)
		}
		if job := jobOf(data); strings.ContainsAny(job, "/\n") {
			t.Errorf("%q is job %q", data, job)
		}
	})
}

//go:build linux

package lab

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// Unit runs a command in a systemd unit of its own, with the properties given
// as in a unit file ("User=carol", "NoNewPrivileges=yes"), and returns when it
// has ended. Only a host with systemd has it.
func (h *Host) Unit(t testing.TB, properties []string, argv ...string) Output {
	t.Helper()
	args := []string{"systemd-run", "--quiet", "--wait", "--pipe", "--collect"}
	for _, p := range properties {
		args = append(args, "--property="+p)
	}
	return h.Exec(t, "", append(append(args, "--"), argv...)...)
}

// cronTime is how long cron may take for a job: it looks once a minute, and a
// busy machine may have it miss one.
const cronTime = 150 * time.Second

var cronJobs atomic.Int64

// Cron has the cron daemon run a script of sh's once, as user, and returns
// when it has ended. It takes up to a minute.
func (h *Host) Cron(t testing.TB, user, script string) Output {
	t.Helper()
	h.startCron(t)
	job := fmt.Sprintf("lab-job%d", cronJobs.Add(1))
	dir, table := "/var/tmp/"+job, "/etc/cron.d/"+job
	h.Run(t, "install", "-d", "-o", user, dir)
	h.writeLive(t, dir+"/script", script)
	h.writeLive(t, dir+"/once", onceScript)
	h.writeLive(t, "/etc/"+job, fmt.Sprintf("* * * * * %s sh %s/once %s\n", user, dir, dir))
	// cron compares times in seconds. It never rereads a table that changes in the second of its look.
	h.Run(t, "mv", "/etc/"+job, table)
	t.Cleanup(func() { h.Run(t, "rm", "-rf", dir, table) })
	for deadline := time.Now().Add(cronTime); ; time.Sleep(100 * time.Millisecond) {
		code, err := strconv.Atoi(strings.TrimSpace(h.Exec(t, "", "cat", dir+"/code").Stdout))
		if err == nil {
			h.Run(t, "rm", table)
			return Output{
				Stdout: h.Run(t, "cat", dir+"/stdout").Stdout,
				Stderr: h.Run(t, "cat", dir+"/stderr").Stdout,
				Code:   code,
			}
		}
		if time.Now().After(deadline) {
			seen := h.Exec(t, "", "sh", "-c", `date; ls -lR --full-time /etc/cron.d "$0"; journalctl -o short-precise -u cron`, dir)
			t.Fatalf("%s: cron has not run %s's job in %v:\n%s", h.Name, user, cronTime, seen.Stdout)
		}
	}
}

// onceScript runs a job's script unless a minute before has.
const onceScript = `cd "$1" && mkdir begun 2>/dev/null || exit 0
sh script >stdout 2>stderr
echo $? >code.new && mv code.new code
`

// writeLive makes a file on a host that runs.
func (h *Host) writeLive(t testing.TB, path, content string) {
	t.Helper()
	if out := h.Exec(t, content, "sh", "-c", `cat >"$0" && chmod 644 "$0"`, path); out.Code != 0 {
		t.Fatalf("writing %s on %s: %s", path, h.Name, out.Stderr)
	}
}

func (h *Host) startCron(t testing.TB) {
	t.Helper()
	if h.Logind {
		h.Run(t, "systemctl", "start", "cron")
		return
	}
	h.Run(t, "sh", "-c", "pgrep -x cron >/dev/null || cron </dev/null >/dev/null 2>&1")
}

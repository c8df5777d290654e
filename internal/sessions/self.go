package sessions

import (
	"regexp"
	"strings"
)

// Self is what the kernel says of the process that asks.
type Self struct {
	// Terminal is the device number of the controlling terminal, 0 without one.
	Terminal uint64

	// LoginUID is who logged in, whatever sudo made of them since; it is valid
	// where LoggedIn is true (pam_loginuid(8)).
	LoginUID uint32
	LoggedIn bool

	// Job is "cron" for a cron job, the unit's name for another system service
	// (backup.service), "" for anything else.
	Job string
}

// daemons start jobs at their time; each names itself like that.
var daemons = map[string]bool{"cron": true, "crond": true, "anacron": true, "fcron": true, "atd": true}

// service is the cgroup of a system service, where only the service manager
// can put a process.
var service = regexp.MustCompile(`(?m)^(?:0:|[0-9]+:name=systemd):/system\.slice/(?:[^/\n]+\.slice/)*([^/\n]+\.service)(?:/|$)`)

// jobOf names the job that a process in that cgroup belongs to.
func jobOf(cgroup []byte) string {
	m := service.FindSubmatch(cgroup)
	if m == nil {
		return ""
	}
	unit := string(m[1])
	if daemon := strings.TrimSuffix(unit, ".service"); daemons[daemon] {
		return daemonJob(daemon)
	}
	return unit
}

// daemonJob is what a sender's recipients know the daemon's jobs as.
func daemonJob(daemon string) string {
	if daemon == "atd" {
		return "at"
	}
	return "cron"
}

package sessions

// Self is what the kernel says of the process that asks.
type Self struct {
	// Terminal is the device number of the controlling terminal; 0 without one, and
	// where it cannot be told to be the one below /dev.
	Terminal uint64

	// LoginUID is who logged in, whatever sudo made of them since; it is valid
	// where LoggedIn is true (pam_loginuid(8)).
	LoginUID uint32
	LoggedIn bool

	// SliceUID is the user in whose slice systemd has put the process, where
	// InSlice is true.
	SliceUID uint32
	InSlice  bool

	// Session is logind's id of the session that the process is in, or "".
	Session string

	// From is the host that the process's user has come from by ssh, by sshd's word;
	// "" where it is not known otherwise than by System.CameFrom.
	From string

	// Job is "cron" for a cron job, the unit's name for another system service
	// (backup.service), "" for anything else.
	Job string
}

// daemons start jobs at their time; each names itself like that.
var daemons = map[string]bool{"cron": true, "crond": true, "anacron": true, "fcron": true, "atd": true}

// daemonJob is what a sender's recipients know the daemon's jobs as.
func daemonJob(daemon string) string {
	if daemon == "atd" {
		return "at"
	}
	return "cron"
}

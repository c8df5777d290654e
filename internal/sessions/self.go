package sessions

// Self is what the kernel says of the process that asks.
type Self struct {
	// Terminal is the device number of the controlling terminal; 0 without one, and if it may
	// not be the one below /dev.
	Terminal uint64

	// LoginUID is who logged in, whatever sudo made of them since (pam_loginuid(8)). It is
	// valid if LoggedIn is true.
	LoginUID uint32
	LoggedIn bool

	// SliceUID is the user in whose slice systemd has put the process, if InSlice is true.
	SliceUID uint32
	InSlice  bool

	// Session is logind's id of the session that the process is in, or "".
	Session string

	// From is the host that the process's user has come from by ssh, by sshd's word; "" if
	// only System.CameFrom may know it.
	From string

	// Job is "cron" for a cron job, the unit's name for another system service
	// (backup.service), "" for anything else.
	Job string
}

// daemons start jobs at their time. Each names itself like that; the value is what recipients
// know its jobs as.
var daemons = map[string]string{"cron": "cron", "crond": "cron", "anacron": "cron", "fcron": "cron", "atd": "at"}

package sessions

import "time"

// Self is what the kernel says of the process that sends.
type Self struct {
	Terminal uint64 // device number of the controlling terminal; 0 if none is sure to be below /dev
	Session  string // logind's id of the session that the process is in, or ""
	From     string // the host that ssh came from, by sshd's word; "" if only CameFrom may know it
	Job      string // "cron" for a cron job, the unit of another system service, or ""
	Unit     string // the system service that the process is in, or ""

	LoginUID uint32 // who logged in, whatever sudo made of them since (pam_loginuid(8))
	LoggedIn bool   // LoginUID is valid
	SliceUID uint32 // the user in whose slice systemd has put the process
	InSlice  bool   // SliceUID is valid
}

// Peer is what /proc says of another process, at the other end of a socket.
type Peer struct {
	Self
	UIDs     [4]uint32     // real, effective, saved and of the file system
	Confined bool          // it is in a process namespace below this one: a container's
	Started  time.Duration // since boot
}

// daemons start jobs at their time. Each names itself like that; the value is what recipients
// know its jobs as.
var daemons = map[string]string{"cron": "cron", "crond": "cron", "anacron": "cron", "fcron": "cron", "atd": "at"}

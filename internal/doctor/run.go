package doctor

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"msg/internal/accounts"
)

// place is a directory in which msgd makes files.
type place struct {
	check string
	cost  string // of one that is missing or wrong
	owner uint32
	group uint32
	mode  uint32
	names string // of its owner and group
}

// The places, if msg is msgd's account. Only msgd and root may make files in them. Anyone may
// connect to a socket in the second.
func countsOf(msg accounts.User) place {
	return place{"counts", "users' messages go out one at a time, and each waits", msg.UID, msg.GID, 0o700, "msg:msg"}
}

func answersOf(msg accounts.User) place {
	return place{"answers", "no message can wait for answers", 0, msg.GID, sticky | 0o775, "root:msg"}
}

func stateOf(msg accounts.User) place {
	return place{"state", "nobody can say for all of their terminals whether messages come", msg.UID, msg.GID, 0o700, "msg:msg"}
}

// judge checks the place. explained means that an earlier finding says what is wrong.
func (p place) judge(dir file, explained bool, remedy string) Finding {
	switch {
	case explained:
		return Finding{p.check, Note, "not checked, for the reason above", ""}
	case dir.err != nil:
		return Finding{p.check, Problem, dir.err.Error() + ": " + p.cost, remedy}
	case dir.uid != p.owner || dir.gid != p.group || dir.mode != p.mode:
		return Finding{p.check, Problem, fmt.Sprintf("%s, %s:%s %04o, must be %s %04o: %s",
			dir.path, userName(dir.uid), groupName(dir.gid), dir.mode, p.names, p.mode, p.cost), remedy}
	case dir.full != "":
		return Finding{p.check, Problem, dir.path + ": " + dir.full + ": " + p.cost, roomIn(dir.path)}
	}
	return Finding{p.check, OK, fmt.Sprintf("%s, %s %04o", dir.path, p.names, p.mode), ""}
}

// roomIn says what to do about a directory that takes no new file.
func roomIn(path string) string {
	return fmt.Sprintf("\"findmnt -T %s\" shows the file system, \"df -i %[1]s\" its inodes", quoted(path))
}

// makeDirectories returns the command that makes all directories, and mends their owners.
func (h Host) makeDirectories() string {
	if command := h.systemdMakes("tmpfiles"); command != "" {
		return command + " --create msg.conf"
	}
	return fmt.Sprintf("install -d -m 755 -o root -g root %s && install -d -m 700 -o msg -g msg %s %s && install -d -m 1775 -o root -g msg %s",
		quoted(filepath.Dir(h.Counts)), quoted(h.Counts), quoted(h.State), quoted(h.Pending))
}

// makeAccount returns the command that makes msgd's account.
func (h Host) makeAccount() string {
	if command := h.systemdMakes("sysusers"); command != "" {
		return command + " msg.conf && " + h.makeDirectories()
	}
	return "useradd --system --user-group --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin msg && " + h.makeDirectories()
}

// systemdMakes returns systemd's program for msg's file of that kind, or "".
func (h Host) systemdMakes(kind string) string {
	program := "systemd-" + kind
	if _, err := exec.LookPath(program); err != nil {
		return ""
	}
	for _, dir := range h.Libs {
		if readable(filepath.Join(dir, kind+".d", "msg.conf")) == nil {
			return program
		}
	}
	return ""
}

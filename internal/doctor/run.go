package doctor

import (
	"fmt"
	"os/exec"
	"path/filepath"

	"msg/internal/accounts"
)

// judgeCounts checks the directory in which the helper counts messages: only root and the
// helper's group may enter it.
func judgeCounts(run, counts file, tty accounts.Group, remedy string) Finding {
	cost := "; until then users' messages go out one at a time, and each waits"
	switch {
	case run.err != nil:
		return Finding{"counts", Problem, run.err.Error() + cost, remedy}
	case run.uid != 0 || run.mode&0o022 != 0:
		return Finding{"counts", Problem, "others than root may change " + run.path, remedy}
	case counts.err != nil:
		return Finding{"counts", Problem, counts.err.Error() + cost, remedy}
	case counts.uid != 0 || counts.gid != tty.GID || counts.mode&0o777 != 0o770 || run.mode&0o111 != 0o111:
		return Finding{"counts", Problem, fmt.Sprintf("%s, %s:%s %04o, must be root:tty 0770, below 0755%s",
			counts.path, userName(counts.uid), groupName(counts.gid), counts.mode&permission, cost), remedy}
	}
	if counts.full != "" {
		return Finding{"counts", Problem, counts.path + ": " + counts.full + cost, roomIn(counts.path)}
	}
	return Finding{"counts", OK, counts.path + ", root:tty 0770", ""}
}

// judgePending checks the directory of messages that wait for answers: only root and the
// helper's group may make sockets there, and anyone may connect to them.
func judgePending(run, pending file, tty accounts.Group, remedy string) Finding {
	const cost = "; until then no message can wait for answers"
	switch {
	case run.err != nil || run.uid != 0 || run.mode&0o022 != 0 || run.mode&0o111 != 0o111:
		return Finding{"answers", Note, "no message can wait for answers, for the reason above", ""}
	case pending.err != nil:
		return Finding{"answers", Problem, pending.err.Error() + cost, remedy}
	case pending.uid != 0 || pending.gid != tty.GID || pending.mode&0o1777 != 0o1775:
		return Finding{"answers", Problem, fmt.Sprintf("%s, %s:%s %04o, must be root:tty 1775%s",
			pending.path, userName(pending.uid), groupName(pending.gid), pending.mode&permission, cost), remedy}
	}
	if pending.full != "" {
		return Finding{"answers", Problem, pending.path + ": " + pending.full + cost, roomIn(pending.path)}
	}
	return Finding{"answers", OK, pending.path + ", root:tty 1775", ""}
}

// roomIn says what to do about a directory that takes no new file.
func roomIn(path string) string {
	return fmt.Sprintf("\"findmnt -T %s\" shows the file system, \"df -i %[1]s\" its inodes", quoted(path))
}

// makeRun returns the command that makes the directories below /run.
func (h Host) makeRun() string {
	for _, dir := range h.Tmpfiles {
		_, missing := exec.LookPath("systemd-tmpfiles")
		if missing == nil && readable(filepath.Join(dir, "msg.conf")) == nil {
			return "systemd-tmpfiles --create msg.conf"
		}
	}
	return fmt.Sprintf("install -d -m 755 -o root -g root %s && install -d -m 770 -o root -g tty %s && install -d -m 1775 -o root -g tty %s # at each boot",
		quoted(filepath.Dir(h.Counts)), quoted(h.Counts), quoted(h.Pending))
}

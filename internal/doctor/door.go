package doctor

import (
	"errors"
	"fmt"
	"io/fs"

	"msg/internal/message"
)

// installAll says how to install all of msg.
const installAll = `as root, "make install" in msg's source, or install its package anew`

// doorUnit is systemd's unit that holds the door.
const doorUnit = "msg.socket"

// socket is what systemd says of the door.
type socket struct {
	systemd bool   // systemd runs here
	load    string // LoadState
	active  string // ActiveState
	enabled bool   // it is opened at boot
}

// open returns the command that opens the door, if script is how to restart msgd without systemd.
// systemd restarts no socket whose service is active.
func (s socket) open(script string) string {
	switch {
	case !s.systemd:
		return script
	case s.load != "loaded":
		return installAll
	case s.active != "active":
		return "systemctl enable --now " + doorUnit
	}
	return "systemctl stop msgd.service && systemctl restart " + doorUnit
}

// alone is what users can do without a door.
const alone = ": users reach their own terminals alone"

// judgeDoor checks the socket, and the directory that it is in. explained means that an earlier
// finding says why there is none. remedy opens it.
func judgeDoor(run, door file, unit socket, explained bool, remedy string) Finding {
	above, path := quoted(run.path), quoted(door.path)
	switch {
	case (run.err != nil || door.err != nil) && explained:
		return Finding{"door", Note, "not open, for the reason above", ""}
	case run.err != nil:
		return Finding{"door", Problem, run.err.Error() + alone, remedy}
	case run.uid != 0 || run.mode&0o022 != 0:
		return Finding{"door", Problem, "others than root may change " + run.path, "chown root:root " + above + " && chmod 755 " + above}
	case run.mode&0o001 == 0:
		return Finding{"door", Problem, run.path + " is closed to users" + alone, "chmod 755 " + above}
	case errors.Is(door.err, fs.ErrNotExist):
		return Finding{"door", Problem, "no door at " + door.path + alone, remedy}
	case door.err != nil:
		return Finding{"door", Problem, door.err.Error(), remedy}
	case !door.socket:
		return Finding{"door", Problem, door.path + " is no socket" + alone, "rm -r " + path + " && " + remedy}
	case door.uid != 0:
		return Finding{"door", Problem, door.path + " belongs to " + userName(door.uid) + ", who can close it", "chown root " + path}
	case door.mode&0o002 == 0 && (door.gid == 0 || door.mode&0o020 == 0):
		return Finding{"door", Problem, fmt.Sprintf("%s has mode %03o: it is closed to users", door.path, door.mode&permission), "chmod 666 " + path}
	case door.mode&0o002 == 0:
		return Finding{"door", OK, door.path + ", open to root and to the group " + groupName(door.gid) + " alone", ""}
	case unit.systemd && unit.active == "active" && !unit.enabled:
		return Finding{"door", Note, door.path + " is open, but not after the next boot", "systemctl enable " + doorUnit}
	}
	return Finding{"door", OK, door.path + ", open to everyone", ""}
}

// judgeAnswer checks what msgd says of itself. explained means that an earlier finding says why it
// says nothing. remedy has msgd listen.
func judgeAnswer(version string, hello Hello, err error, explained bool, remedy string) Finding {
	var refused *message.Refusal
	var failure *message.Failure
	switch {
	case err != nil && explained:
		return Finding{"msgd", Note, "does not answer, for the reason above", ""}
	case errors.As(err, &refused):
		return Finding{"msgd", Problem, refused.Problem, refused.Hint}
	case errors.As(err, &failure) && failure.Reason == message.Version:
		return Finding{"msgd", Problem, failure.Detail, installAll}
	case errors.As(err, &failure) && failure.Reason == message.NoHelper:
		return Finding{"msgd", Problem, failure.Detail + alone, remedy}
	case err != nil:
		return Finding{"msgd", Problem, "does not work: " + err.Error(), "journalctl -u msgd.service"}
	case hello.Version != version:
		return Finding{"msgd", Problem, fmt.Sprintf("msg is version %s, and msgd %s", version, hello.Version), installAll}
	}
	return Finding{"msgd", OK, "answers, version " + hello.Version, ""}
}

// booted exists if systemd runs (sd_booted(3)).
const booted = "/run/systemd/system"

package doctor

import (
	"errors"
	"fmt"
	"strings"

	"msg/internal/accounts"
	"msg/internal/message"
)

// installAll says how to install all of msg.
const installAll = `as root, "make install" in msg's source, or install its package anew`

// judgeHelper checks that the helper gets its rights from its group, and that only root
// may change it.
func judgeHelper(f file, candidates []string, tty accounts.Group) Finding {
	if f.path == "" {
		return Finding{"helper", Problem, "msg-helper is not in " + strings.Join(candidates, " or "), installAll}
	}
	if f.err != nil {
		return Finding{"helper", Problem, f.err.Error(), installAll}
	}
	var faults []string
	for _, fault := range []struct {
		is   bool
		what string
	}{
		{!f.regular, "not a file"},
		{f.uid != 0, "not root's"},
		{f.gid != tty.GID, "not of group tty"},
		{f.mode&setUID != 0, "set-uid"},
		{f.mode&setGID == 0, "not set-gid"},
		{f.mode&0o022 != 0, "others than root may change it"},
		{f.mode&0o111 != 0o111, "not everyone may run it"},
	} {
		if fault.is {
			faults = append(faults, fault.what)
		}
	}
	found := fmt.Sprintf("%s, %s:%s %04o", f.path, userName(f.uid), groupName(f.gid), f.mode&permission)
	if len(faults) == 0 {
		return Finding{"helper", OK, found, ""}
	}
	found += ": " + strings.Join(faults, ", ")
	path := quoted(f.path)
	if !f.regular || f.uid != 0 || f.mode&0o022 != 0 {
		// Nobody knows what is in it: it must not get rights from us.
		return Finding{"helper", Problem, found, "rm " + path + ", and install it anew: " + installAll}
	}
	// chown comes first: it takes the set-gid bit away.
	return Finding{"helper", Problem, found, "chown root:tty " + path + " && chmod 2755 " + path}
}

// judgeFolders checks the directories above the helper: a user who may write to one of
// them may put another program in the helper's place. In a sticky directory, nobody may
// touch what is root's.
func judgeFolders(above []file) Finding {
	var faults, remedies []string
	worst := OK
	for _, dir := range above {
		path := quoted(dir.path)
		switch {
		case dir.err != nil: // a user who may not look into it may not write to it
		case dir.uid != 0:
			faults, remedies = append(faults, dir.path+" belongs to "+userName(dir.uid)), append(remedies, "chown root "+path)
			worst = Problem
		case dir.mode&sticky != 0:
		case dir.mode&0o002 != 0:
			faults, remedies = append(faults, "everyone may write to "+dir.path), append(remedies, "chmod go-w "+path)
			worst = Problem
		case dir.mode&0o020 != 0 && dir.gid != 0:
			faults = append(faults, fmt.Sprintf("the group %s may write to %s", groupName(dir.gid), dir.path))
			remedies = append(remedies, "chmod g-w "+path)
			if worst == OK {
				worst = Note
			}
		}
	}
	if worst == OK {
		return Finding{"folders", OK, "only root may change what is above the helper", ""}
	}
	do := strings.Join(remedies, " && ")
	if !isSystems(above[0].path) {
		do = "install it where only root may write: " + installAll
	}
	return Finding{"folders", worst, strings.Join(faults, "; "), do}
}

// isSystems reports whether the path is for the system's programs. A new owner would do
// harm to other directories, such as a home.
func isSystems(path string) bool {
	return strings.HasPrefix(path, "/usr/") || strings.HasPrefix(path, "/opt/")
}

// judgeMount checks that the kernel heeds the set-gid bit: it does not on a file system
// that is mounted nosuid.
func judgeMount(nosuid bool, point string) Finding {
	if nosuid {
		// With bind, it changes this mount alone, and no other one of the same file
		// system.
		return Finding{
			"mount", Problem, fmt.Sprintf("%s is mounted nosuid: the helper has no rights there", point),
			"install msg on another file system; or, for all programs on this one, mount -o remount,bind,suid " + quoted(point),
		}
	}
	return Finding{"mount", OK, fmt.Sprintf("%s lets programs be set-gid", point), ""}
}

// judgeRights checks no_new_privs, in /proc/self/status: with it, the kernel does not heed
// the bit either. Root needs no bit to deliver.
func judgeRights(status string, root bool) Finding {
	_, value, _ := strings.Cut(status, "\nNoNewPrivs:")
	value, _, _ = strings.Cut(value, "\n")
	if strings.TrimSpace(value) != "1" {
		return Finding{"rights", OK, "a program may have more of them than who starts it", ""}
	}
	f := Finding{
		"rights", Problem, "no_new_privs is set here: what is started from here reaches your own terminals alone",
		"start it elsewhere, or let the service or container that this runs in have NoNewPrivileges=no",
	}
	if root {
		f.Status, f.Found = Note, "no_new_privs is set here: users reach their own terminals alone from here; root reaches all"
	}
	return f
}

// judgeAnswer checks what the helper says of itself. explained means that an earlier
// finding says why it does not start, or has no rights.
func judgeAnswer(version string, hello Hello, err error, explained bool) Finding {
	var failure *message.Failure
	switch {
	case errors.As(err, &failure) && failure.Reason == message.Version:
		return Finding{"answer", Problem, failure.Detail, installAll}
	case err != nil && explained:
		return Finding{"answer", Note, "it does not answer, for the reason above", ""}
	case errors.As(err, &failure):
		return Finding{"answer", Problem, "the helper does not work: " + failure.Detail, installAll}
	case err != nil:
		return Finding{"answer", Problem, "the helper does not work: " + err.Error(), installAll}
	case hello.Version != version:
		return Finding{"answer", Problem, fmt.Sprintf("msg is version %s, and the helper %s", version, hello.Version), installAll}
	case !hello.Privileged && explained:
		return Finding{"answer", Note, "version " + hello.Version + "; without rights, for the reason above", ""}
	case !hello.Privileged:
		return Finding{
			"answer", Problem, "version " + hello.Version + "; the kernel does not give it its group",
			"see whether a debugger or a security module (dmesg) keeps set-gid programs from it",
		}
	}
	return Finding{"answer", OK, "version " + hello.Version, ""}
}

package main

import (
	"errors"
	"fmt"
	"strings"

	"msg/internal/accounts"
	"msg/internal/message"
	"msg/internal/remote"
)

// installAll says how all of msg comes to be there.
const installAll = `as root, "make install" in msg's source, or install its package anew`

// judgeHelper: it has its rights from its group, and nobody but root may change
// what it does.
func judgeHelper(f file, candidates []string, tty accounts.Group) finding {
	if f.path == "" {
		return finding{"helper", problem, "msg-helper is not in " + strings.Join(candidates, " or "), installAll}
	}
	if f.err != nil {
		return finding{"helper", problem, f.err.Error(), installAll}
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
		return finding{"helper", ok, found, ""}
	}
	found += ": " + strings.Join(faults, ", ")
	path := quoted(f.path)
	if !f.regular || f.uid != 0 || f.mode&0o022 != 0 {
		// Who knows what is in it? It must not get rights from us.
		return finding{"helper", problem, found, "rm " + path + ", and install it anew: " + installAll}
	}
	// chown takes the set-gid bit away: it has to come first.
	return finding{"helper", problem, found, "chown root:tty " + path + " && chmod 2755 " + path}
}

// judgeFolders: who may write to a directory above the helper may put another
// program in its place. In a sticky one nobody may touch what is root's.
func judgeFolders(above []file) finding {
	var faults, remedies []string
	worst := ok
	for _, dir := range above {
		path := quoted(dir.path)
		switch {
		case dir.err != nil: // who may not look into it may not write to it
		case dir.uid != 0:
			faults, remedies = append(faults, dir.path+" belongs to "+userName(dir.uid)), append(remedies, "chown root "+path)
			worst = problem
		case dir.mode&sticky != 0:
		case dir.mode&0o002 != 0:
			faults, remedies = append(faults, "everyone may write to "+dir.path), append(remedies, "chmod go-w "+path)
			worst = problem
		case dir.mode&0o020 != 0 && dir.gid != 0:
			faults = append(faults, fmt.Sprintf("the group %s may write to %s", groupName(dir.gid), dir.path))
			remedies = append(remedies, "chmod g-w "+path)
			if worst == ok {
				worst = note
			}
		}
	}
	if worst == ok {
		return finding{"folders", ok, "only root may change what is above the helper", ""}
	}
	do := strings.Join(remedies, " && ")
	if !isSystems(above[0].path) {
		do = "install it where only root may write: " + installAll
	}
	return finding{"folders", worst, strings.Join(faults, "; "), do}
}

// isSystems reports whether programs of the system's are there; elsewhere, as in a
// home, changing whose a directory is would harm.
func isSystems(path string) bool {
	return strings.HasPrefix(path, "/usr/") || strings.HasPrefix(path, "/opt/")
}

// judgeMount: on a file system that is mounted nosuid the kernel heeds no set-gid
// bit.
func judgeMount(nosuid bool, point string) finding {
	if nosuid {
		// With bind, it changes this mount alone, whatever else shows the same
		// file system.
		return finding{
			"mount", problem, fmt.Sprintf("%s is mounted nosuid: the helper has no rights there", point),
			"install msg on another file system; or, for all programs on this one, mount -o remount,bind,suid " + quoted(point),
		}
	}
	return finding{"mount", ok, fmt.Sprintf("%s lets programs be set-gid", point), ""}
}

// judgeRights: below a process with no_new_privs, too, the bit is not heeded. Root
// delivers without it.
func judgeRights(status string, root bool) finding {
	_, value, _ := strings.Cut(status, "\nNoNewPrivs:")
	value, _, _ = strings.Cut(value, "\n")
	if strings.TrimSpace(value) != "1" {
		return finding{"rights", ok, "a program may have more of them than who starts it", ""}
	}
	f := finding{
		"rights", problem, "no_new_privs is set here: what is started from here reaches your own terminals alone",
		"start it elsewhere, or let the service or container that this runs in have NoNewPrivileges=no",
	}
	if root {
		f.Status, f.Found = note, "no_new_privs is set here: users reach their own terminals alone from here; root reaches all"
	}
	return f
}

// judgeAnswer: what the helper says for itself. explained is that what was found
// before says why it does not start, or has no rights.
func judgeAnswer(hello remote.Hello, err error, explained bool) finding {
	var failure *message.Failure
	switch {
	case errors.As(err, &failure) && failure.Reason == message.Version:
		return finding{"answer", problem, failure.Detail, installAll}
	case err != nil && explained:
		return finding{"answer", note, "it does not answer, for the reason above", ""}
	case errors.As(err, &failure):
		return finding{"answer", problem, "the helper does not work: " + failure.Detail, installAll}
	case err != nil:
		return finding{"answer", problem, "the helper does not work: " + err.Error(), installAll}
	case hello.Version != version:
		return finding{"answer", problem, fmt.Sprintf("msg is version %s, and the helper %s", version, hello.Version), installAll}
	case !hello.Privileged && explained:
		return finding{"answer", note, "version " + hello.Version + "; without rights, for the reason above", ""}
	case !hello.Privileged:
		return finding{
			"answer", problem, "version " + hello.Version + "; the kernel does not give it its group",
			"see whether a debugger or a security module (dmesg) keeps set-gid programs from it",
		}
	}
	return finding{"answer", ok, "version " + hello.Version, ""}
}

package sessions

import (
	"strconv"
	"strings"
)

// systemdPaths returns where a process is in systemd's tree, as
// /proc/PID/cgroup tells (cgroups(7)): from the root, component by component, a
// path for each hierarchy that is systemd's. The kernel refuses names with a line
// feed in them.
func systemdPaths(cgroup []byte) [][]string {
	var paths [][]string
	for line := range strings.SplitSeq(string(cgroup), "\n") {
		number, rest, _ := strings.Cut(line, ":")
		controllers, path, found := strings.Cut(rest, ":")
		unified := number == "0" && controllers == ""
		if found && path != "" && path[0] == '/' && (unified || controllers == "name=systemd") {
			paths = append(paths, strings.Split(path[1:], "/"))
		}
	}
	return paths
}

// sessionOf finds logind's session id: pam_systemd puts a login into
// user.slice/user-UID.slice/session-ID.scope. Below user@UID.service a user may
// make groups of any name, so only the path from the root counts.
func sessionOf(cgroup []byte) string {
	for _, path := range systemdPaths(cgroup) {
		if _, ok := userSlice(path); !ok || len(path) < 3 {
			continue
		}
		id, isScope := within(path[2], "session-", ".scope")
		if isScope && isID(id) {
			return id
		}
	}
	return ""
}

// userOf finds the user in whose slice a process is. Only the service manager
// and logind move a process from one user's slice into another's.
func userOf(cgroup []byte) (uid uint32, ok bool) {
	for _, path := range systemdPaths(cgroup) {
		if uid, ok = userSlice(path); ok {
			return uid, true
		}
	}
	return 0, false
}

func userSlice(path []string) (uid uint32, ok bool) {
	if len(path) < 2 || path[0] != "user.slice" {
		return 0, false
	}
	number, ok := within(path[1], "user-", ".slice")
	v, err := strconv.ParseUint(number, 10, 32)
	return uint32(v), ok && err == nil
}

// jobOf names the job that a process belongs to: the system service that it is
// in, where only the service manager can put it. "" means none.
func jobOf(cgroup []byte) string {
	unit := serviceOf(cgroup)
	if daemon := strings.TrimSuffix(unit, ".service"); daemons[daemon] {
		return daemonJob(daemon)
	}
	return unit
}

// serviceOf names the system service that a process is in, or "".
func serviceOf(cgroup []byte) string {
	for _, path := range systemdPaths(cgroup) {
		if unit := systemService(path); unit != "" {
			return unit
		}
	}
	return ""
}

// systemService returns the service in a path such as
// system.slice/system-job.slice/job@1.service/below.
func systemService(path []string) string {
	if path[0] != "system.slice" {
		return ""
	}
	for _, unit := range path[1:] {
		if name, ok := strings.CutSuffix(unit, ".service"); ok && name != "" {
			return unit
		}
		if !strings.HasSuffix(unit, ".slice") {
			return ""
		}
	}
	return ""
}

// within returns what stands between a prefix and a suffix.
func within(s, prefix, suffix string) (string, bool) {
	s, begins := strings.CutPrefix(s, prefix)
	s, ends := strings.CutSuffix(s, suffix)
	return s, begins && ends
}

// isID reports whether logind could have given that id to a session.
func isID(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return 0 < len(s) && len(s) <= 32
}

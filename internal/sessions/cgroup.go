package sessions

import (
	"cmp"
	"strconv"
	"strings"
)

// systemdPaths returns where a process is in systemd's tree, by /proc/PID/cgroup
// (cgroups(7)): the components from the root, for each of systemd's hierarchies. The kernel
// refuses names with a line feed.
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

// sessionOf returns logind's session id, from user.slice/user-UID.slice/session-ID.scope.
// Only the path from the root counts (docs/decisions, 3).
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

// userOf returns the user in whose slice a process is. Only the service manager and logind
// move a process from one user's slice into another's.
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

// jobOf returns the job that a process belongs to, or "". It is the system service that the
// process is in, where only the service manager can put it.
func jobOf(cgroup []byte) string {
	unit := serviceOf(cgroup)
	return cmp.Or(daemons[strings.TrimSuffix(unit, ".service")], unit)
}

// serviceOf returns the system service that a process is in, or "": job@1.service of
// system.slice/system-job.slice/job@1.service/below.
func serviceOf(cgroup []byte) string {
	for _, path := range systemdPaths(cgroup) {
		if path[0] != "system.slice" {
			continue
		}
		for _, unit := range path[1:] {
			if name, isService := strings.CutSuffix(unit, ".service"); isService && name != "" {
				return unit
			}
			if !strings.HasSuffix(unit, ".slice") {
				break
			}
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

const alphanumeric = digits + "abcdefghijklmnopqrstuvwxyz" + capitals

// isID reports whether logind could have given that id to a session.
func isID(s string) bool { return 0 < len(s) && len(s) <= 32 && strings.Trim(s, alphanumeric) == "" }

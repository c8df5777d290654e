package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"msg/internal/accounts"
)

// mount is a line of mountinfo (proc_pid_mountinfo(5)).
type mount struct {
	point   string
	kind    string
	options []string // of the mount, and of the file system
}

// parseMounts reads mountinfo, and skips lines of any other form.
func parseMounts(mountinfo string) []mount {
	var all []mount
	for line := range strings.Lines(mountinfo) {
		before, after, _ := strings.Cut(line, " - ")
		left, right := strings.Fields(before), strings.Fields(after)
		if len(left) < 6 || len(right) < 3 {
			continue
		}
		all = append(all, mount{
			point: unescaped(left[4]), kind: right[0],
			options: append(strings.Split(left[5], ","), strings.Split(right[2], ",")...),
		})
	}
	return all
}

// unescaped undoes the kernel's octal escapes for blanks and backslashes.
func unescaped(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// option returns an option's value; "" if it is not set.
func (m mount) option(name string) string {
	for _, o := range m.options {
		if value, found := strings.CutPrefix(o, name+"="); found {
			return value
		}
	}
	return ""
}

// mountAt returns the mount at that point. The last of several hides the others.
func mountAt(all []mount, point string) (mount, bool) {
	for _, m := range slices.Backward(all) {
		if m.point == point {
			return m, true
		}
	}
	return mount{}, false
}

// judgeDevpts checks the file system that gives new terminals their group and mode. If its
// options do not, the program that opens a terminal does: then the terminals in use have
// to tell.
func judgeDevpts(all []mount, tty accounts.Group, terminals []file) Finding {
	const point = "/dev/pts"
	m, _ := mountAt(all, point)
	gid := strconv.FormatUint(uint64(tty.GID), 10)
	if m.option("gid") == "" {
		return judgeTerminals(terminals, tty, remount(m, gid))
	}
	mode, err := strconv.ParseUint(m.option("mode"), 8, 32)
	found := fmt.Sprintf("%s, group %s, mode %s", point, m.option("gid"), m.option("mode"))
	switch {
	case m.option("gid") != gid:
		return Finding{"devpts", Problem, found + ": new terminals are not of group tty (" + gid + "), and messages do not reach them", remount(m, gid)}
	case err != nil || mode&0o020 == 0:
		return Finding{"devpts", Problem, found + ": new terminals have messages off, unless what opens them switches them on as sshd does", remount(m, gid)}
	}
	return Finding{"devpts", OK, found, ""}
}

// remount returns the command that sets the options. It repeats the mode of ptmx: the
// kernel resets options that are left out, users can open no terminal with the default
// mode, and not every mount(8) repeats it.
func remount(m mount, gid string) string {
	options := "gid=" + gid + ",mode=620"
	if mode := m.option("ptmxmode"); mode != "" {
		options += ",ptmxmode=" + mode
	}
	return "mount -o remount," + options + " /dev/pts"
}

// judgeTerminals checks the group of the terminals in use.
func judgeTerminals(terminals []file, tty accounts.Group, remedy string) Finding {
	var others []string
	for _, t := range terminals {
		if t.gid != tty.GID {
			others = append(others, fmt.Sprintf("%s (%s)", t.path, groupName(t.gid)))
		}
	}
	const found = "/dev/pts gives new terminals no group"
	switch {
	case len(others) > 0:
		return Finding{"devpts", Problem, found + ", and messages do not reach those that are not of group tty: " + some(others), remedy}
	case len(terminals) > 0:
		return Finding{"devpts", OK, found + "; those in use are of group tty", ""}
	}
	return Finding{"devpts", Note, found + "; whether messages reach them is up to what opens them", remedy}
}

// judgeProc checks whether /proc hides other users' processes, which tell who leads a
// terminal. Nothing is hidden from root: for root, the option says what users see.
func judgeProc(hidden bool, all []mount, root bool) Finding {
	m, _ := mountAt(all, "/proc")
	option := m.option("hidepid")
	if hides := option != "" && option != "0" && option != "off"; !hidden && !(root && hides) {
		return Finding{"proc", OK, "shows who runs what", ""}
	}
	found := "hides other people's processes from users"
	if option != "" {
		found += " (hidepid=" + option + ")"
	}
	return Finding{
		"proc", Note, found + ": their messages may go to open terminals where nobody is, and may come twice where one" +
			" terminal shows another (tmux, screen, script, sudo); sessions lack their names",
		"nothing, where that is wanted; else mount -o remount,hidepid=0 /proc",
	}
}

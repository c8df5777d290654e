package main

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

// unescaped undoes the kernel's octal escapes of blanks and backslashes.
func unescaped(s string) string {
	return strings.NewReplacer(`\040`, " ", `\011`, "\t", `\012`, "\n", `\134`, `\`).Replace(s)
}

// option returns what is behind the = of an option; "" where it is not set.
func (m mount) option(name string) string {
	for _, o := range m.options {
		if value, found := strings.CutPrefix(o, name+"="); found {
			return value
		}
	}
	return ""
}

// mountAt returns what is mounted there, the last of several: it hides the others.
func mountAt(all []mount, point string) (mount, bool) {
	for _, m := range slices.Backward(all) {
		if m.point == point {
			return m, true
		}
	}
	return mount{}, false
}

// mountOf returns the mount that a path is on.
func mountOf(all []mount, path string) mount {
	on := mount{point: "/"}
	for _, m := range all {
		below := m.point == "/" || path == m.point || strings.HasPrefix(path, m.point+"/")
		if below && len(m.point) >= len(on.point) {
			on = m
		}
	}
	return on
}

// judgeDevpts: new terminals get their group and mode from the options of the file
// system. Without options it is up to who opens a terminal; then those that there
// are must tell.
func judgeDevpts(all []mount, tty accounts.Group, terminals []file) finding {
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
		return finding{"devpts", problem, found + ": new terminals are not of group tty (" + gid + "), and messages do not reach them", remount(m, gid)}
	case err != nil || mode&0o020 == 0:
		return finding{"devpts", problem, found + ": new terminals have messages off, unless what opens them switches them on as sshd does", remount(m, gid)}
	}
	return finding{"devpts", ok, found, ""}
}

// remount is the command that sets the options. It says the mode of ptmx, too: the
// kernel sets what is not said to its default, with which users open no terminal, and
// not every mount(8) says what was set before.
func remount(m mount, gid string) string {
	options := "gid=" + gid + ",mode=620"
	if mode := m.option("ptmxmode"); mode != "" {
		options += ",ptmxmode=" + mode
	}
	return "mount -o remount," + options + " /dev/pts"
}

// judgeTerminals looks at the group of the terminals that are in use.
func judgeTerminals(terminals []file, tty accounts.Group, remedy string) finding {
	var others []string
	for _, t := range terminals {
		if t.gid != tty.GID {
			others = append(others, fmt.Sprintf("%s (%s)", t.path, groupName(t.gid)))
		}
	}
	const found = "/dev/pts gives new terminals no group"
	switch {
	case len(others) > 0:
		return finding{"devpts", problem, found + ", and messages do not reach those that are not of group tty: " + some(others), remedy}
	case len(terminals) > 0:
		return finding{"devpts", ok, found + "; those in use are of group tty", ""}
	}
	return finding{"devpts", note, found + "; whether messages reach them is up to what opens them", remedy}
}

// judgeProc: where /proc hides the others, it is not known who leads a terminal.
// From root nothing is hidden; users are told by the option.
func judgeProc(hidden bool, all []mount, root bool) finding {
	m, _ := mountAt(all, "/proc")
	option := m.option("hidepid")
	if hides := option != "" && option != "0" && option != "off"; !hidden && !(root && hides) {
		return finding{"proc", ok, "shows who runs what", ""}
	}
	found := "hides other people's processes from users"
	if option != "" {
		found += " (hidepid=" + option + ")"
	}
	return finding{
		"proc", note, found + ": their messages may go to open terminals where nobody is, and may come twice where one" +
			" terminal shows another (tmux, screen, script, sudo); sessions lack their names",
		"nothing, where that is wanted; else mount -o remount,hidepid=0 /proc",
	}
}

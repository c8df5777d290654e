package doctor

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"msg/internal/sessions"
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
		left, right := strings.Split(before, " "), strings.Split(strings.TrimSuffix(after, "\n"), " ")
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

// judgeDevpts tells what new terminals say of messages, by the file system that gives them their
// mode. unsaid means that messages are on for users who say nothing. ttyGID is the group tty's.
func judgeDevpts(all []mount, ttyGID uint32, unsaid bool) Finding {
	const point, begin = "/dev/pts", "new terminals begin with mode "
	m, _ := mountAt(all, point)
	mode, err := strconv.ParseUint(m.option("mode"), 8, 32)
	gid, gidErr := strconv.ParseUint(m.option("gid"), 10, 32)
	switch {
	case m.kind != "devpts" || err != nil:
		return Finding{"devpts", Note, "no devpts on " + point + ": there are no pseudo-terminals to write to", "mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts " + point}
	case mode&0o002 != 0:
		return Finding{"devpts", Problem, begin + m.option("mode") + ": everyone may write to them, past msg", remount(m, ttyGID)}
	case mode&0o020 != 0 && gidErr == nil && gid != 0 && uint32(gid) != ttyGID:
		return Finding{"devpts", Note, begin + m.option("mode") + ", and members of the group " + groupName(uint32(gid)) + " may write to them, past msg", remount(m, ttyGID)}
	case mode&0o020 != 0:
		return Finding{"devpts", OK, begin + m.option("mode") + ": messages are on", ""}
	case !unsaid:
		return Finding{"devpts", Note, begin + m.option("mode") + ", which says nothing: messages are off until their owner says yes ([messages] unsaid)", ""}
	}
	return Finding{"devpts", OK, begin + m.option("mode") + ", which says nothing: messages are on until their owner says no ([messages] unsaid)", ""}
}

// remount returns the command that gives new terminals to the group tty. It repeats the mode of
// ptmx: the kernel resets options that are left out, users can open no terminal with the default
// mode, and not every mount(8) repeats it.
func remount(m mount, ttyGID uint32) string {
	options := fmt.Sprintf("gid=%d,mode=620", ttyGID)
	if mode := m.option("ptmxmode"); mode != "" {
		options += ",ptmxmode=" + mode
	}
	return "mount -o remount," + options + " /dev/pts"
}

// judgeProc checks whether /proc hides other users' processes, which tell who leads a
// terminal. Nothing is hidden from root: for root, the option says what users see. confined says
// that this process is in a namespace that hides them, or is "".
func judgeProc(hidden bool, confined string, all []mount, root bool) Finding {
	switch confined {
	case "":
	case sessions.NoOwners:
		return Finding{"proc", Problem, confined + " and files: nothing else is checked", "run msg doctor outside of the namespace"}
	default:
		return Finding{"proc", Note, confined + ": root's messages, too, go by msgd here", "nothing, if msgd runs on the host"}
	}
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
		"proc", Note, found + ": their \"msg sessions\" lacks names. Where msgd runs without its unit, which has a /proc" +
			" of its own, their messages may go to open terminals where nobody is, and may come twice where one" +
			" terminal shows another (tmux, screen, script, sudo)",
		"nothing, where that is wanted; else mount -o remount,hidepid=0 /proc",
	}
}

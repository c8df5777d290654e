package doctor

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"

	"msg/internal/addressbook"
	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/tty/mine"
)

// Examine does all checks and returns their findings, in the order in which they are to
// be read. It fails if it cannot tell who is on which terminal. In a user namespace, that is its
// only finding: whose a file is can't be seen there.
func (h Host) Examine(ctx context.Context) ([]Finding, error) {
	confined := h.System.Confined()
	if confined == sessions.NoOwners {
		return []Finding{judgeProc(false, confined, nil, h.UID == 0)}, nil
	}
	found, logindErr := h.Logins(ctx)
	h.System.Logind = logins.Func(func(context.Context) ([]sessions.Session, error) { return found, logindErr })
	picture, err := h.System.Read(ctx)
	if err != nil {
		return nil, err
	}
	mountinfo, err := os.ReadFile(h.System.Proc + "/self/mountinfo")
	if err != nil {
		return nil, err
	}
	mounts := parseMounts(string(mountinfo))
	_, hidden := os.ReadFile(h.System.Proc + "/1/stat")
	rules, system := h.configuration()
	book, err := addressbook.Load(h.Config, h.UserConfig)
	return append(h.service(ctx),
		judgeDevpts(mounts, h.ttyGID(ctx), system.Messages.Unsaid),
		rules,
		judgeWarners(append(system.Policy.System, system.Policy.Broadcast...), func(name string) bool {
			_, err := h.Accounts.User(ctx, name)
			return err == nil
		}),
		judgeNames(book, err, rules.Status == Problem),
		judgeLog(connects(ctx, h.Log.Journald), connects(ctx, h.Log.Syslog)),
		judgeUtmp(h.System.Utmp, readableFile(h.System.Utmp)),
		judgeLogind(found, logindErr, readable(h.Seats) == nil),
		judgeLogins(picture, found),
		judgeShutdown(unitState(ctx, shutdownUnit)),
		judgeProc(hidden != nil, confined, mounts, h.UID == 0),
		h.messages(ctx),
	), nil
}

// service checks msgd: its program, its account, its directories, the door, and whether it
// answers.
func (h Host) service(ctx context.Context) []Finding {
	hello, askErr := h.Ask(ctx)
	run, directories := lookAt(filepath.Dir(h.Counts)), h.makeDirectories()
	unit := socket{systemd: readable(booted) == nil}
	if unit.systemd {
		unit.load, unit.active, _ = unitState(ctx, doorUnit)
		unit.enabled = isEnabled(ctx, doorUnit)
	}
	open := unit.open(h.script())
	var above []file
	for _, path := range h.Programs {
		for dir := filepath.Dir(path); dir != "/"; dir = filepath.Dir(dir) {
			above = append(above, lookAt(dir))
		}
	}
	msg, msgErr := h.Accounts.User(ctx, judgeAccount)
	program := judgeProgram(lookAtAll(h.Programs), above, askErr == nil)
	account := checkAccount(msg, msgErr, firstPerson(contentOf(h.LoginDefs)), h.makeAccount())
	remake := open
	if run.err != nil && unit.systemd { // msgd --listen makes them itself
		remake = directories + " && " + open
	}
	cannotStart := program.Status == Problem || account.Status == Problem
	door := judgeDoor(run, lookAt(h.Door), unit, cannotStart, remake)
	unseen := account.Status == Problem || run.err != nil || run.mode&0o001 == 0
	services, servicesErr := os.ReadFile(h.Services)
	daemons := daemons{nscd: exists("/run/nscd/socket"), nslcd: exists("/run/nslcd/socket")}
	return append(judgeLeftovers(lookAtAll(h.Leftovers)),
		program, account, door,
		judgeAnswer(h.Version, hello, askErr, cannotStart || door.Status == Problem, open),
		countsOf(msg).judge(lookInto(h.Counts), unseen, directories),
		answersOf(msg).judge(lookInto(h.Pending), unseen, directories),
		stateOf(msg).judge(lookInto(h.State), account.Status == Problem, directories),
		judgeServices(h.Services, string(services), servicesErr, unit.systemd, daemons),
	)
}

// ttyGID returns the group tty's number.
func (h Host) ttyGID(ctx context.Context) uint32 {
	tty, err := h.Accounts.Group(ctx, "tty")
	if err != nil {
		return 5 // everywhere on Linux
	}
	return tty.GID
}

// script says how to restart msgd without systemd.
func (h Host) script() string {
	for _, script := range []string{"/etc/init.d/msgd"} {
		if exists(script) {
			return script + " restart"
		}
	}
	return "have msgd --listen run from boot on, see msgd(8)"
}

// isEnabled reports whether systemd starts a unit at boot.
func isEnabled(ctx context.Context, unit string) bool {
	ctx, cancel := context.WithTimeout(ctx, systemctlTime)
	defer cancel()
	return exec.CommandContext(ctx, "systemctl", "--quiet", "is-enabled", unit).Run() == nil
}

// configuration checks the system's configuration, and returns it.
func (h Host) configuration() (Finding, config.System) {
	system, err := config.Load(h.Config)
	return judgeConfig(lookAt(h.Config), lookAt(filepath.Dir(h.Config)), system, err), system
}

// messages checks the terminal that msg was started at.
func (h Host) messages(ctx context.Context) Finding {
	own, err := mine.Find(h.Standard...)
	if err != nil {
		return judgeMessages(nil, consent.Verdict{}, err)
	}
	defer own.Close()
	return judgeMessages(own, h.Consent(ctx, own), nil)
}

// contentOf returns what is in the first of these files that can be read.
func contentOf(paths []string) string {
	for _, path := range paths {
		if content, err := os.ReadFile(path); err == nil {
			return string(content)
		}
	}
	return ""
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

func lookAtAll(paths []string) (all []file) {
	for _, path := range paths {
		all = append(all, lookAt(path))
	}
	return all
}

// lookAt follows links: the file that they lead to counts.
func lookAt(path string) file {
	info, err := os.Stat(path)
	if err != nil {
		return file{path: path, err: err}
	}
	f := file{path: path, regular: info.Mode().IsRegular(), socket: info.Mode()&os.ModeSocket != 0}
	if st, isStat := info.Sys().(*syscall.Stat_t); isStat {
		f.mode, f.uid, f.gid = st.Mode&permission, st.Uid, st.Gid
	}
	return f
}

// lookInto looks at a directory in which msg makes files.
func lookInto(path string) file {
	f := lookAt(path)
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return f
	}
	switch {
	case st.Flags&unix.MS_RDONLY != 0: // ST_RDONLY is the same
		f.full = "read-only file system"
	case st.Files > 0 && st.Ffree == 0: // both are 0 if there is no limit
		f.full = "no inode is free"
	}
	return f
}

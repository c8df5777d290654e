package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"msg/internal/accounts"
	"msg/internal/addressbook"
	"msg/internal/config"
	"msg/internal/sessions"
	"msg/internal/sessions/logins"
	"msg/internal/tty/mine"
)

// Examine does all checks and returns their findings, in the order in which they are to
// be read. It fails if it cannot tell who is on which terminal.
func (h Host) Examine(ctx context.Context) ([]Finding, error) {
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
	tty, err := h.Accounts.Group(ctx, "tty")
	if err != nil {
		return []Finding{{"group", Problem, fmt.Sprintf("the group tty: %v", err), "groupadd --system --gid 5 tty"}}, nil
	}
	_, hidden := os.ReadFile(h.System.Proc + "/1/stat")
	all := h.helperWorks(ctx, tty, mounts)
	rules := h.configuration()
	book, err := addressbook.Load(h.Config, h.UserConfig)
	return append(all,
		judgeDevpts(mounts, tty, terminalsIn(h.System.Dev, picture)),
		judgeCounts(lookAt(filepath.Dir(h.Counts)), lookInto(h.Counts), tty, h.makeRun()),
		judgePending(lookAt(filepath.Dir(h.Pending)), lookInto(h.Pending), tty, h.makeRun()),
		rules,
		judgeNames(book, err, rules.Status == Problem),
		judgeLog(connects(ctx, h.Log.Journald), connects(ctx, h.Log.Syslog)),
		judgeUtmp(h.System.Utmp, readableFile(h.System.Utmp)),
		judgeLogind(found, logindErr, readable(h.Seats) == nil),
		judgeLogins(picture, found),
		judgeShutdown(unitState(ctx)),
		judgeProc(hidden != nil, mounts, h.UID == 0),
		h.messages(),
	), nil
}

// helperWorks checks the helper. It stops at the first check that leaves the next ones
// nothing to look at.
func (h Host) helperWorks(ctx context.Context, tty accounts.Group, mounts []mount) []Finding {
	helper := file{}
	if path := h.Helper.path(); path != "" {
		helper = lookAt(path)
	}
	all := []Finding{judgeHelper(helper, h.Helper.Candidates, tty)}
	if helper.path == "" || helper.err != nil {
		return all
	}
	folders, leadsTo := above(helper.path), helper.path
	if path, err := filepath.EvalSymlinks(helper.path); err == nil {
		leadsTo = path
	}
	for _, dir := range above(leadsTo) {
		if !slices.Contains(folders, dir) {
			folders = append(folders, dir)
		}
	}
	status, err := os.ReadFile(h.System.Proc + "/self/status")
	if err != nil {
		status = nil // without /proc nobody can tell
	}
	all = append(all,
		judgeFolders(folders),
		judgeMount(isNosuid(leadsTo), mountOf(mounts, leadsTo).point),
		judgeRights(string(status), h.UID == 0))
	return append(all, h.ask(ctx, helper, all))
}

// ask has the helper say who it is. Root starts no helper that somebody else could have
// put there.
func (h Host) ask(ctx context.Context, helper file, before []Finding) Finding {
	explained, foreign := false, helper.uid != 0 || helper.mode&0o022 != 0
	for _, f := range before {
		foreign = foreign || f.Check == "folders" && f.Status == Problem
		explained = explained || f.Check != "folders" && f.Status == Problem
	}
	if foreign && h.UID == 0 {
		return Finding{"answer", Note, "root does not start a helper that others may change", ""}
	}
	hello, err := h.Helper.Ask(ctx, helper.path)
	return judgeAnswer(h.Version, hello, err, explained)
}

// configuration checks the system's configuration.
func (h Host) configuration() Finding {
	system, err := config.Load(h.Config)
	return judgeConfig(lookAt(h.Config), lookAt(filepath.Dir(h.Config)), system, err)
}

// messages checks the terminal that msg was started at.
func (h Host) messages() Finding {
	own, err := mine.Find(h.Standard...)
	if err == nil {
		defer own.Close()
	}
	return judgeMessages(own, err)
}

// terminalsIn returns the devices of the pseudo-terminals in use.
func terminalsIn(dev string, p sessions.Picture) []file {
	var all []file
	for _, t := range p.Terminals {
		if f := lookAt(filepath.Join(dev, t.Name)); t.InUse() && strings.HasPrefix(t.Name, "pts/") && f.err == nil {
			f.path = t.Name
			all = append(all, f)
		}
	}
	return all
}

// lookAt follows links: the file that they lead to counts.
func lookAt(path string) file {
	info, err := os.Stat(path)
	if err != nil {
		return file{path: path, err: err}
	}
	f := file{path: path, regular: info.Mode().IsRegular()}
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

// above returns the directories that a path leads through, the nearest first.
func above(path string) []file {
	var all []file
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		all = append(all, lookAt(dir))
		if dir == filepath.Dir(dir) {
			return all
		}
	}
}

func isNosuid(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Flags&unix.MS_NOSUID != 0 // ST_NOSUID is the same
}

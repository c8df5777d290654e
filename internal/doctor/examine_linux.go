package doctor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
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
	hello, askErr := h.Ask(ctx)
	rules := h.configuration()
	book, err := addressbook.Load(h.Config, h.UserConfig)
	return []Finding{
		judgeDoor(h.Version, hello, askErr),
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
		h.messages(ctx),
	}, nil
}

// configuration checks the system's configuration.
func (h Host) configuration() Finding {
	system, err := config.Load(h.Config)
	return judgeConfig(lookAt(h.Config), lookAt(filepath.Dir(h.Config)), system, err)
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

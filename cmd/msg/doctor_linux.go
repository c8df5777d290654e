package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/accounts"
	"msg/internal/addressbook"
	"msg/internal/answers"
	"msg/internal/config"
	"msg/internal/journal"
	"msg/internal/rate"
	"msg/internal/remote"
	"msg/internal/sessions"
	"msg/internal/sessions/logind"
	"msg/internal/tty/mine"
)

// machine is where doctor looks, besides where the engine does.
type machine struct {
	helper     string   // "" where there is none
	candidates []string // where it would be
	config     string
	counts     string   // the directory of the helper's counts
	pending    string   // that of messages that wait
	tmpfiles   []string // where systemd-tmpfiles looks for what makes it
	seats      string   // is there while logind runs (sd_login(3))
	log        journal.Log
	logins     func(context.Context) ([]sessions.Session, error) // by logind's own word
}

func thisMachine() machine {
	return machine{
		helper: helperHere(), candidates: remote.Candidates(), config: config.Path, counts: rate.Dir, pending: answers.Dir,
		tmpfiles: []string{"/etc/tmpfiles.d", "/run/tmpfiles.d", "/usr/local/lib/tmpfiles.d", "/usr/lib/tmpfiles.d"},
		seats:    "/run/systemd/seats", log: journal.Local(), logins: logind.List,
	}
}

// helperHere is the helper that is used, else one that would be, were it
// executable.
func helperHere() string {
	if path := remote.Find(); path != "" {
		return path
	}
	for _, path := range remote.Candidates() {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}

// examine does all checks.
func examine(ctx context.Context, w world) ([]finding, error) {
	return thisMachine().examine(ctx, w)
}

func (m machine) examine(ctx context.Context, w world) ([]finding, error) {
	logins, logindErr := m.logins(ctx)
	engine := *w.engine
	engine.System.Logind = func(context.Context) ([]sessions.Session, error) { return logins, logindErr }
	picture, err := engine.Picture(ctx)
	if err != nil {
		return nil, err
	}
	mountinfo, err := os.ReadFile(engine.System.Proc + "/self/mountinfo")
	if err != nil {
		return nil, err
	}
	mounts := parseMounts(string(mountinfo))
	tty, err := engine.Accounts.Group(ctx, "tty")
	if err != nil {
		return []finding{{"group", problem, fmt.Sprintf("the group tty: %v", err), "groupadd --system --gid 5 tty"}}, nil
	}
	root := engine.UID == 0
	_, hidden := os.ReadFile(engine.System.Proc + "/1/stat")
	all := m.helperWorks(ctx, w, tty, mounts)
	rules := m.configuration()
	book, err := addressbook.Load(m.config, userConfig(w))
	all = append(all,
		judgeDevpts(mounts, tty, terminalsIn(engine.System.Dev, picture)),
		judgeCounts(lookAt(filepath.Dir(m.counts)), lookInto(m.counts), tty, m.makeRun()),
		judgePending(lookAt(filepath.Dir(m.pending)), lookInto(m.pending), tty, m.makeRun()),
		rules,
		judgeNames(book, err, rules.Status == problem),
		judgeLog(connects(ctx, m.log.Journald), connects(ctx, m.log.Syslog)),
		judgeUtmp(engine.System.Utmp, readableFile(engine.System.Utmp)),
		judgeLogind(logins, logindErr, readable(m.seats) == nil),
		judgeLogins(picture, logins),
		judgeShutdown(unitState(ctx)),
		judgeProc(hidden != nil, mounts, root),
	)
	return append(all, messages(w)), nil
}

// helperWorks are the checks of the helper, each where those before leave something
// to look at.
func (m machine) helperWorks(ctx context.Context, w world, tty accounts.Group, mounts []mount) []finding {
	helper := file{}
	if m.helper != "" {
		helper = lookAt(m.helper)
	}
	all := []finding{judgeHelper(helper, m.candidates, tty)}
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
	status, err := os.ReadFile(w.engine.System.Proc + "/self/status")
	if err != nil {
		status = nil // without /proc nobody can tell
	}
	all = append(all,
		judgeFolders(folders),
		judgeMount(isNosuid(leadsTo), mountOf(mounts, leadsTo).point),
		judgeRights(string(status), w.engine.UID == 0))
	return append(all, asked(ctx, w, helper, all))
}

func isNosuid(path string) bool {
	var st unix.Statfs_t
	return unix.Statfs(path, &st) == nil && st.Flags&unix.MS_NOSUID != 0 // ST_NOSUID is the same
}

// asked has the helper say who it is. Root does not start what somebody else could
// have put there.
func asked(ctx context.Context, w world, helper file, before []finding) finding {
	explained, foreign := false, helper.uid != 0 || helper.mode&0o022 != 0
	for _, f := range before {
		foreign = foreign || f.Check == "folders" && f.Status == problem
		explained = explained || f.Check != "folders" && f.Status == problem
	}
	if foreign && w.engine.UID == 0 {
		return finding{"answer", note, "root does not start a helper that others may change", ""}
	}
	hello, err := remote.Helper{Path: helper.path}.Ask(ctx)
	return judgeAnswer(hello, err, explained)
}

// terminalsIn are the pseudo-terminals where somebody is.
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

// makeRun is the command that makes the directories below /run.
func (m machine) makeRun() string {
	for _, dir := range m.tmpfiles {
		_, missing := exec.LookPath("systemd-tmpfiles")
		if missing == nil && readable(filepath.Join(dir, "msg.conf")) == nil {
			return "systemd-tmpfiles --create msg.conf"
		}
	}
	return fmt.Sprintf("install -d -m 755 -o root -g root %s && install -d -m 770 -o root -g tty %s && install -d -m 1775 -o root -g tty %s # at each boot",
		quoted(filepath.Dir(m.counts)), quoted(m.counts), quoted(m.pending))
}

func (m machine) configuration() finding {
	system, err := config.Load(m.config)
	return judgeConfig(lookAt(m.config), lookAt(filepath.Dir(m.config)), system, err)
}

// connects tries to connect to a log's socket.
func connects(ctx context.Context, socket string) error {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unixgram", socket)
	if err != nil {
		return err
	}
	return conn.Close()
}

// shutdownUnit has systemd warn of shutdowns.
const shutdownUnit = "msg-shutdown.path"

// unitState asks systemd for what it calls LoadState and ActiveState of that unit; "" where
// there is no systemd.
func unitState(ctx context.Context) (load, active string, err error) {
	if readable("/run/systemd/system") != nil { // sd_booted(3)
		return "", "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property=LoadState,ActiveState", shutdownUnit).Output()
	for line := range strings.Lines(string(out)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "LoadState":
			load = value
		case "ActiveState":
			active = value
		}
	}
	return load, active, err
}

// readableFile is readable for what may be nothing but a file.
func readableFile(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", path)
	}
	return readable(path)
}

func readable(path string) error {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return err
	}
	return f.Close()
}

func messages(w world) finding {
	own, err := mine.Find(w.stdin, w.stdout, w.stderr)
	if err == nil {
		defer own.Close()
	}
	return judgeMessages(own, err)
}

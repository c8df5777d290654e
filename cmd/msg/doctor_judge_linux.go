package main

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"msg/internal/accounts"
	"msg/internal/addressbook"
	"msg/internal/config"
	"msg/internal/sessions"
	"msg/internal/tty/mine"
)

// judgeCounts: the helper counts messages where only root and its group get.
func judgeCounts(run, counts file, tty accounts.Group, remedy string) finding {
	cost := "; until then users' messages go out one at a time, and each waits"
	switch {
	case run.err != nil:
		return finding{"counts", problem, run.err.Error() + cost, remedy}
	case run.uid != 0 || run.mode&0o022 != 0:
		return finding{"counts", problem, "others than root may change " + run.path, remedy}
	case counts.err != nil:
		return finding{"counts", problem, counts.err.Error() + cost, remedy}
	case counts.uid != 0 || counts.gid != tty.GID || counts.mode&0o777 != 0o770 || run.mode&0o111 != 0o111:
		return finding{"counts", problem, fmt.Sprintf("%s, %s:%s %04o, must be root:tty 0770, below 0755%s",
			counts.path, userName(counts.uid), groupName(counts.gid), counts.mode&permission, cost), remedy}
	}
	if counts.full != "" {
		return finding{"counts", problem, counts.path + ": " + counts.full + cost, roomIn(counts.path)}
	}
	return finding{"counts", ok, counts.path + ", root:tty 0770", ""}
}

// judgePending: messages wait for answers where only root and the helper's group may
// make sockets, and anyone may connect to them.
func judgePending(run, pending file, tty accounts.Group, remedy string) finding {
	const cost = "; until then no message can wait for answers"
	switch {
	case run.err != nil || run.uid != 0 || run.mode&0o022 != 0 || run.mode&0o111 != 0o111:
		return finding{"answers", note, "no message can wait for answers, for the reason above", ""}
	case pending.err != nil:
		return finding{"answers", problem, pending.err.Error() + cost, remedy}
	case pending.uid != 0 || pending.gid != tty.GID || pending.mode&0o1777 != 0o1775:
		return finding{"answers", problem, fmt.Sprintf("%s, %s:%s %04o, must be root:tty 1775%s",
			pending.path, userName(pending.uid), groupName(pending.gid), pending.mode&permission, cost), remedy}
	}
	if pending.full != "" {
		return finding{"answers", problem, pending.path + ": " + pending.full + cost, roomIn(pending.path)}
	}
	return finding{"answers", ok, pending.path + ", root:tty 1775", ""}
}

// roomIn is what to do where nothing can be made in a directory.
func roomIn(path string) string {
	return fmt.Sprintf("\"findmnt -T %s\" shows the file system, \"df -i %[1]s\" its inodes", quoted(path))
}

// judgeConfig: without a file the defaults hold. The helper reads it with the
// rights of who sends, so everyone has to be able to.
func judgeConfig(f, dir file, system config.System, err error) finding {
	path, above := quoted(f.path), quoted(dir.path)
	closed := fmt.Sprintf("%s: users cannot read it, and so cannot send", f.path)
	switch {
	case dir.err == nil && (dir.uid != 0 || dir.mode&0o022 != 0):
		return finding{"config", problem, "others than root may change " + dir.path, "chown root " + above + " && chmod 755 " + above}
	case dir.err == nil && dir.mode&0o001 == 0:
		return finding{"config", problem, closed, "chmod 755 " + above}
	case errors.Is(f.err, fs.ErrNotExist) && err == nil:
		return finding{"config", ok, "no " + f.path + ", so the defaults hold: " + rules(system), ""}
	case f.err == nil && (f.uid != 0 || f.mode&0o022 != 0):
		return finding{"config", problem, "others than root may change " + f.path + "; users cannot send", "chown root " + path + " && chmod 644 " + path}
	case f.err == nil && f.mode&0o004 == 0:
		return finding{"config", problem, closed, "chmod 644 " + path}
	case err != nil:
		return finding{"config", problem, err.Error() + "; users cannot send until that is mended", "see msg.conf(5), and edit " + path}
	}
	return finding{"config", ok, f.path + ": " + rules(system), ""}
}

// judgeNames: a file of names that cannot be read keeps from sending what could be an alias.
func judgeNames(book *addressbook.Book, err error, explained bool) finding {
	var skipped addressbook.Skipped
	switch {
	case errors.As(err, &skipped) && !explained:
		return finding{"names", note, err.Error() + "; its names are left out", "have HOME be one of root's: sudo -H"}
	case err != nil && explained:
		return finding{"names", note, "cannot be read, for the reason above", ""}
	case err != nil:
		return finding{"names", problem, err.Error() + "; nothing is sent to a bare word, which could be an alias", "see msg.conf(5), and edit that file"}
	}
	words := count(len(book.Aliases()), "alias", "aliases") + ", " + count(len(book.Domains()), "domain", "domains")
	return finding{"names", ok, words, ""}
}

// rules says in a line what the configuration lets users do.
func rules(s config.System) string {
	return fmt.Sprintf("%s may send, %s to everyone at once; %d a minute, and %d more at once",
		people(s.Policy.Send), people(s.Policy.Broadcast), s.Rate.PerMinute, s.Rate.Burst)
}

func people(names []string) string {
	switch {
	case len(names) == 0:
		return "only root"
	case slices.Contains(names, "*"):
		return "everyone"
	}
	return strings.Join(names, ", ")
}

// judgeLog: what was sent is to be found again.
func judgeLog(journald, syslog error) finding {
	switch {
	case journald == nil:
		return finding{"log", ok, "journald", ""}
	case syslog == nil:
		return finding{"log", ok, "syslog", ""}
	}
	return finding{"log", note, "neither journald nor syslog answers: who sent what to whom is not logged", "start systemd-journald, or a syslog daemon"}
}

func judgeUtmp(path string, err error) finding {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{"utmp", ok, "none; terminals are found without it", ""}
	case err != nil:
		hint := "rm " + quoted(path)
		if errors.Is(err, fs.ErrPermission) {
			hint = "chmod 664 " + quoted(path)
		}
		return finding{"utmp", note, err.Error() + "; terminals are found without it, but not where who is there comes from", hint}
	}
	return finding{"utmp", ok, path, ""}
}

func judgeLogind(logins []sessions.Session, err error, running bool) finding {
	switch {
	case err != nil:
		return finding{"logind", note, fmt.Sprintf("does not answer: %v; who is at a desktop is not known", err), "systemctl status systemd-logind dbus"}
	case len(logins) == 0 && !running:
		return finding{"logind", ok, "none; terminals are found without it", ""}
	}
	people := 0
	for _, s := range logins {
		if s.Person() {
			people++
		}
	}
	return finding{"logind", ok, count(people, "person's session", "people's sessions"), ""}
}

// judgeLogins tells whose terminal logind does not know: what asks logind alone
// does not reach them.
func judgeLogins(p sessions.Picture, logins []sessions.Session) finding {
	var unknown []string
	for _, s := range logins {
		for _, t := range p.Terminals {
			if s.Person() && !s.Graphical() && s.Terminal == "" && s.ID != "" && t.Session == s.ID && t.InUse() {
				unknown = append(unknown, fmt.Sprintf("%s on %s, session %s", t.User, t.Name, s.ID))
			}
		}
	}
	if len(unknown) == 0 {
		return finding{"sessions", ok, "no terminal that logind should know and does not", ""}
	}
	return finding{"sessions", note, "logind does not know the terminal of " + some(unknown) +
		"; wall and shutdown of systemd 256 and newer do not reach them; msg does", ""}
}

// judgeShutdown: who came by ssh hears of a shutdown only where systemd runs msg for it.
func judgeShutdown(load, active string, err error) finding {
	const cost = "; not everyone is warned of a shutdown (shutdown -r +5)"
	switch {
	case err != nil:
		return finding{"shutdown", note, fmt.Sprintf("systemd does not tell about %s: %v", shutdownUnit, err), "systemctl status " + shutdownUnit}
	case load == "":
		return finding{"shutdown", ok, "no systemd, which msg would warn of shutdowns for", ""}
	case load != "loaded":
		return finding{"shutdown", note, shutdownUnit + " is not installed" + cost, installAll + ", systemctl daemon-reload, systemctl enable --now " + shutdownUnit}
	case active != "active":
		return finding{"shutdown", note, shutdownUnit + " is " + active + cost, "systemctl enable --now " + shutdownUnit}
	}
	return finding{"shutdown", ok, shutdownUnit + ": everyone is warned of a shutdown", ""}
}

// some names a few, and says how many more there are.
func some(names []string) string {
	const most = 3
	if len(names) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:most], "; "), len(names)-most)
	}
	return strings.Join(names, "; ")
}

func judgeMessages(own *mine.Terminal, err error) finding {
	switch {
	case errors.Is(err, mine.ErrNone):
		return finding{"messages", ok, "there is no terminal here", ""}
	case err != nil:
		return finding{"messages", note, err.Error(), ""}
	case !own.MessagesOn():
		return finding{"messages", note, "off at " + own.Name + ": only root's come", "msg mesg y"}
	}
	return finding{"messages", ok, "on at " + own.Name, ""}
}

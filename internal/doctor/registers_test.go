package doctor

import (
	"errors"
	"fmt"
	"io/fs"
	"testing"

	"msg/internal/consent"
	"msg/internal/sessions"
	"msg/internal/tty/mine"
)

func TestJudgeRegisters(t *testing.T) {
	judged(t, judgeLog(nil, fs.ErrNotExist), OK, "journald", "")
	judged(t, judgeLog(fs.ErrNotExist, nil), OK, "syslog", "")
	judged(t, judgeLog(fs.ErrNotExist, fs.ErrNotExist), Note, "not logged", "start systemd-journald")
	judged(t, judgeUtmp("/run/utmp", nil), OK, "/run/utmp", "")
	judged(t, judgeUtmp("/run/utmp", fs.ErrNotExist), OK, "none", "")
	judged(t, judgeUtmp("/run/utmp", readableFile(t.TempDir())), Note, "is not a regular file", "rm /run/utmp")
	judged(t, judgeUtmp("/run/utmp", fs.ErrPermission), Note, "permission denied", "chmod 664 /run/utmp")
	one := []sessions.Session{{Class: "user"}, {Class: "manager"}}
	judged(t, judgeLogind(one, nil, true), OK, "1 person's session", "")
	judged(t, judgeLogind(nil, nil, true), OK, "0 people's sessions", "")
	judged(t, judgeLogind(nil, nil, false), OK, "none", "")
	judged(t, judgeLogind(nil, errors.New("timeout"), true), Note, "does not answer: timeout", "systemctl status")
}

func TestJudgeLogins(t *testing.T) {
	var p sessions.Picture
	var logins []sessions.Session
	sources := []sessions.Source{sessions.Device, sessions.Proc}
	for i := range 5 {
		id := fmt.Sprintf("c%d", i)
		p.Terminals = append(p.Terminals, sessions.Terminal{Name: fmt.Sprintf("pts/%d", i), User: "bob", Session: id, Sources: sources})
		logins = append(logins, sessions.Session{ID: id, Class: "user", User: "bob"})
	}
	judged(t, judgeLogins(p, logins), Note, "bob on pts/0, session c0; bob on pts/1, session c1; bob on pts/2, session c2 and 2 more; wall", "")
	judged(t, judgeLogins(p, logins[:1]), Note, "of bob on pts/0, session c0; wall", "")
	known := []sessions.Session{
		{ID: "c0", Class: "user", Terminal: "pts/0"},
		{ID: "c1", Class: "manager"},
		{ID: "c2", Class: "user", Type: "wayland"},
		{ID: "c9", Class: "user"},
	}
	judged(t, judgeLogins(p, known), OK, "", "")
}

func TestJudgeShutdown(t *testing.T) {
	judged(t, judgeShutdown("", "", nil), OK, "no systemd", "")
	judged(t, judgeShutdown("not-found", "inactive", nil), Note, "is not installed; not everyone is warned", "make install")
	judged(t, judgeShutdown("loaded", "inactive", nil), Note, "is inactive; not everyone", "systemctl enable --now msg-shutdown.path")
	judged(t, judgeShutdown("loaded", "failed", nil), Note, "is failed", "systemctl enable --now msg-shutdown.path")
	judged(t, judgeShutdown("loaded", "active", nil), OK, "everyone is warned", "")
	judged(t, judgeShutdown("", "", errors.New("no")), Note, "does not tell", "systemctl status")
}

func TestJudgeMessages(t *testing.T) {
	own := &mine.Terminal{Name: "pts/1"}
	judged(t, judgeMessages(own, consent.Verdict{On: true, Why: consent.ByDefault}, nil), OK, "on at pts/1: by default", "")
	judged(t, judgeMessages(own, consent.Verdict{Why: consent.SaidHere}, nil), Note, "off at pts/1, only root's come: said on this terminal (mesg n)", "msg mesg y")
	judged(t, judgeMessages(own, consent.Verdict{Why: consent.SaidEverywhere}, nil), Note, "off at pts/1", "msg mesg --everywhere default")
	judged(t, judgeMessages(own, consent.Verdict{Why: consent.Unreadable}, nil), Note, "can't be read", "msg mesg --everywhere default")
	judged(t, judgeMessages(nil, consent.Verdict{}, mine.ErrNone), OK, "no terminal", "")
	judged(t, judgeMessages(nil, consent.Verdict{}, mine.ErrNoName), Note, "no name", "")
}

package doctor

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"msg/internal/addressbook"
	"msg/internal/config"
)

func TestJudgeConfig(t *testing.T) {
	const path = "/etc/msg/msg.toml"
	dir, f := file{path: "/etc/msg", mode: 0o755}, file{path: path, mode: 0o644}
	missing := file{path: path, err: fs.ErrNotExist}
	wrong := errors.New(path + ": unknown key")
	system := config.Default()
	system.Policy.Send, system.Policy.Broadcast = nil, []string{"*"}
	for _, c := range []struct {
		f, dir            file
		err               error
		status, found, do string
	}{
		{f, dir, nil, OK, path + ": only root may send, everyone to everyone at once; 20 a minute, and 10 more at once; messages are on for users who say nothing", ""},
		{missing, file{err: fs.ErrNotExist}, nil, OK, "no " + path + ", so the defaults hold: ", ""},
		{missing, dir, nil, OK, "defaults hold", ""},
		{f, dir, wrong, Problem, "unknown key", "msg.conf(5)"},
		{file{path: path, mode: 0o666}, dir, wrong, Problem, "others than root may change " + path, "chown root " + path + " && chmod 644 " + path},
		{file{path: path, mode: 0o644, uid: 1}, dir, wrong, Problem, "others than root may change " + path, "chown root"},
		{file{path: path, mode: 0o600}, dir, nil, Problem, "users cannot read it", "chmod 644 " + path},
		{file{path: path, mode: 0o640, gid: 5}, dir, wrong, Problem, "users cannot read it", "chmod 644 " + path},
		{file{path: path, err: fs.ErrPermission}, file{path: "/etc/msg", mode: 0o700}, fs.ErrPermission, Problem, "users cannot read it", "chmod 755 /etc/msg"},
		{f, file{path: "/etc/msg", mode: 0o777}, nil, Problem, "others than root may change /etc/msg", "chown root /etc/msg && chmod 755 /etc/msg"},
		{f, file{path: "/etc/msg", mode: 0o755, uid: 1}, nil, Problem, "others than root may change /etc/msg", "chown root /etc/msg"},
	} {
		judged(t, judgeConfig(c.f, c.dir, system, c.err), c.status, c.found, c.do)
	}
}

func TestRulesUnsaid(t *testing.T) {
	system := config.Default()
	system.Messages.Unsaid = false
	if got, want := rules(system), "; messages are off for users who say nothing"; !strings.HasSuffix(got, want) {
		t.Errorf("%q, want %q at its end", got, want)
	}
}

func TestJudgeNames(t *testing.T) {
	judged(t, judgeNames(&addressbook.Book{}, nil, false), OK, "0 aliases, 0 domains", "")
	judged(t, judgeNames(nil, errors.New("/home/a/.config/msg/msg.toml: line 2: no"), false), Problem, "line 2: no; nothing is sent to a bare word", "edit that file")
	skipped := addressbook.Skipped{Err: errors.New("/home/a/.config/msg/msg.toml: belongs to uid 1001")}
	judged(t, judgeNames(&addressbook.Book{}, skipped, false), Note, "belongs to uid 1001; its names are left out", "sudo -H")
	judged(t, judgeNames(&addressbook.Book{}, skipped, true), Note, "for the reason above", "")
	judged(t, judgeNames(nil, errors.New("no"), true), Note, "for the reason above", "")
}

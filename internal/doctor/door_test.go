package doctor

import (
	"errors"
	"io/fs"
	"testing"

	"msg/internal/message"
)

var (
	goodRun  = file{path: "/run/msg", mode: 0o755}
	goodDoor = file{path: "/run/msg/door", mode: 0o666, socket: true}
	goodUnit = socket{systemd: true, load: "loaded", active: "active", enabled: true}
)

func TestJudgeDoor(t *testing.T) {
	with := func(f file, change func(*file)) file {
		change(&f)
		return f
	}
	for _, c := range []struct {
		run, door         file
		unit              socket
		status, found, do string
	}{
		{goodRun, goodDoor, goodUnit, OK, "/run/msg/door, open to everyone", ""},
		{goodRun, goodDoor, socket{}, OK, "open to everyone", ""},
		{with(goodRun, func(f *file) { f.err = fs.ErrNotExist }), goodDoor, goodUnit, Problem, "not exist: users reach their own terminals alone", "heal"},
		{with(goodRun, func(f *file) { f.uid = 1 }), goodDoor, goodUnit, Problem, "others than root may change /run/msg", "chown root:root /run/msg && chmod 755 /run/msg"},
		{with(goodRun, func(f *file) { f.mode = 0o777 }), goodDoor, goodUnit, Problem, "others than root may change /run/msg", "chmod 755 /run/msg"},
		{with(goodRun, func(f *file) { f.mode = 0o700 }), goodDoor, goodUnit, Problem, "/run/msg is closed to users", "chmod 755 /run/msg"},
		{goodRun, with(goodDoor, func(f *file) { f.err = fs.ErrNotExist }), goodUnit, Problem, "no door at /run/msg/door", "heal"},
		{goodRun, with(goodDoor, func(f *file) { f.err = fs.ErrPermission }), goodUnit, Problem, "permission", "heal"},
		{goodRun, with(goodDoor, func(f *file) { f.socket = false }), goodUnit, Problem, "is no socket", "rm -r /run/msg/door && heal"},
		{goodRun, with(goodDoor, func(f *file) { f.uid = 54321 }), goodUnit, Problem, "belongs to 54321, who can close it", "chown root /run/msg/door"},
		{goodRun, with(goodDoor, func(f *file) { f.mode = 0o600 }), goodUnit, Problem, "has mode 600: it is closed to users", "chmod 666 /run/msg/door"},
		{goodRun, with(goodDoor, func(f *file) { f.mode = 0o660 }), goodUnit, Problem, "has mode 660: it is closed to users", "chmod 666 /run/msg/door"},
		{goodRun, with(goodDoor, func(f *file) { f.mode, f.gid = 0o660, 54321 }), goodUnit, OK, "open to root and to the group 54321 alone", ""},
		{goodRun, goodDoor, socket{systemd: true, load: "loaded", active: "active"}, Note, "not after the next boot", "systemctl enable msg.socket"},
	} {
		judged(t, judgeDoor(c.run, c.door, c.unit, false, "heal"), c.status, c.found, c.do)
	}
	missing := file{path: "/run/msg", err: fs.ErrNotExist}
	judged(t, judgeDoor(missing, goodDoor, goodUnit, true, "heal"), Note, "not open, for the reason above", "")
	judged(t, judgeDoor(goodRun, goodDoor, goodUnit, true, "heal"), OK, "open to everyone", "")
}

// TestOpenDoor: systemd does nothing about a socket that is active, and restarts none whose
// service is.
func TestOpenDoor(t *testing.T) {
	for want, unit := range map[string]socket{
		"script":                            {},
		installAll:                          {systemd: true, load: "not-found", active: "inactive"},
		"systemctl enable --now msg.socket": {systemd: true, load: "loaded", active: "failed"},
		"systemctl stop msgd.service && systemctl restart msg.socket": goodUnit,
	} {
		if got := unit.open("script"); got != want {
			t.Errorf("%+v: %q, want %q", unit, got, want)
		}
	}
}

func TestJudgeAnswer(t *testing.T) {
	ours := Hello{Version: version}
	for _, c := range []struct {
		hello             Hello
		err               error
		explained         bool
		status, found, do string
	}{
		{ours, nil, false, OK, "answers, version " + version, ""},
		{ours, nil, true, OK, "answers", ""},
		{Hello{Version: "6"}, nil, false, Problem, "msg is version 7, and msgd 6", "make install"},
		{ours, errors.New("no"), true, Note, "for the reason above", ""},
		{ours, errors.New("no"), false, Problem, "does not work: no", "journalctl -u msgd.service"},
		{ours, message.Fail(message.NoHelper, "nobody listens"), false, Problem, "nobody listens: users reach their own terminals alone", "heal"},
		{ours, message.Fail(message.Version, "too old"), false, Problem, "too old", "make install"},
		{ours, message.Fail(message.Timeout, "no hello"), false, Problem, "no hello", "journalctl -u msgd.service"},
		{ours, &message.Refusal{Problem: "closed to you", Hint: "see msgd(8)"}, false, Problem, "closed to you", "see msgd(8)"},
	} {
		judged(t, judgeAnswer(version, c.hello, c.err, c.explained, "heal"), c.status, c.found, c.do)
	}
}

package doctor

import (
	"io/fs"
	"testing"
)

func TestJudgeProgram(t *testing.T) {
	const local, usr = "/usr/local/sbin/msgd", "/usr/sbin/msgd"
	good, none := file{path: usr, regular: true, mode: 0o755}, file{path: local, err: fs.ErrNotExist}
	above := []file{{path: "/usr/sbin", mode: 0o755}, {path: "/usr", mode: 0o755}, {path: "/usr/local/sbin", err: fs.ErrNotExist}}
	with := func(change func(*file)) []file {
		f := good
		change(&f)
		return []file{none, f}
	}
	for _, c := range []struct {
		programs, above   []file
		answers           bool
		status, found, do string
	}{
		{[]file{none, good}, above, true, OK, "/usr/sbin/msgd, root's", ""},
		{[]file{none, {path: usr, err: fs.ErrNotExist}}, above, false, Problem, "no /usr/local/sbin/msgd, and no /usr/sbin/msgd: users reach", "make install"},
		{[]file{none, {path: usr, err: fs.ErrNotExist}}, above, true, Note, "answers, but is not /usr/local/sbin/msgd or", ""},
		{with(func(f *file) { f.err = fs.ErrPermission }), above, true, Problem, "permission", "make install"},
		{with(func(f *file) { f.regular = false }), above, true, Problem, "cannot be run", "make install"},
		{with(func(f *file) { f.mode = 0o644 }), above, true, Problem, "cannot be run", "make install"},
		{with(func(f *file) { f.mode = 0o757 }), above, true, Problem, "others than root may change /usr/sbin/msgd", "chown root:root /usr/sbin/msgd && chmod 755 /usr/sbin/msgd"},
		{with(func(f *file) { f.uid = 1 }), above, true, Problem, "others than root may change", "chown root:root"},
		{with(func(f *file) { f.mode = 0o2755 }), above, true, Problem, "mode 2755: it needs no special bit", "chmod 755 /usr/sbin/msgd"},
		{[]file{none, good}, []file{{path: "/usr/sbin", mode: 0o777}}, true, Problem, "others than root may change /usr/sbin,", "chown root /usr/sbin && chmod o-w /usr/sbin"},
		{[]file{none, good}, []file{{path: "/usr/sbin", uid: 1, mode: 0o755}}, true, Problem, "others than root may change /usr/sbin,", "chown root"},
		{[]file{none, good}, []file{{path: "/usr/local/sbin", gid: 50, mode: 0o2775}}, true, OK, "root's", ""}, // as Debian has it
	} {
		judged(t, judgeProgram(c.programs, c.above, c.answers), c.status, c.found, c.do)
	}
}

func TestJudgeLeftovers(t *testing.T) {
	const path = "/usr/libexec/msg-helper"
	got := judgeLeftovers([]file{
		{path: "/usr/local/libexec/msg-helper", err: fs.ErrNotExist}, {path: path, mode: 0o2755}, {path: path, mode: 0o755},
	})
	if len(got) != 2 {
		t.Fatalf("%+v", got)
	}
	judged(t, got[0], Problem, path+", mode 2755, is of an older version: it has rights", "rm "+path)
	judged(t, got[1], Note, path+" is of an older version", "rm "+path)
}

package doctor

import (
	"io/fs"
	"testing"

	"msg/internal/accounts"
)

func TestJudgePlaces(t *testing.T) {
	msg := accounts.User{Name: "msg", UID: 54321, GID: 54322}
	for _, c := range []struct {
		place place
		dir   file
		found string // of a good one
		cost  string
	}{
		{countsOf(msg), file{path: "/run/msg/rate", uid: 54321, gid: 54322, mode: 0o700}, "/run/msg/rate, msg:msg 0700", ": users' messages go out one at a time"},
		{answersOf(msg), file{path: "/run/msg/pending", gid: 54322, mode: 0o1775}, "/run/msg/pending, root:msg 1775", ": no message can wait for answers"},
		{stateOf(msg), file{path: "/var/lib/msg", uid: 54321, gid: 54322, mode: 0o700}, "/var/lib/msg, msg:msg 0700", ": nobody can say for all of their terminals"},
	} {
		judged(t, c.place.judge(c.dir, false, "heal"), OK, c.found, "")
		for name, change := range map[string]func(*file){
			"not exist": func(f *file) { f.err = fs.ErrNotExist },
			"0777":      func(f *file) { f.mode = 0o777 },
			"0750":      func(f *file) { f.mode = 0o750 },
			"0775":      func(f *file) { f.mode = 0o775 },
			"54399:":    func(f *file) { f.uid = 54399 },
			":54399":    func(f *file) { f.gid = 54399 },
		} {
			dir := c.dir
			change(&dir)
			got := c.place.judge(dir, false, "heal")
			judged(t, got, Problem, name, "heal")
			judged(t, got, Problem, c.cost, "heal")
			judged(t, c.place.judge(dir, true, "heal"), Note, "for the reason above", "")
		}
		full := c.dir
		full.full = "no inode is free"
		judged(t, c.place.judge(full, false, "heal"), Problem, c.dir.path+": no inode is free"+c.cost, `"df -i `+c.dir.path+`"`)
	}
}

package doctor

import (
	"io/fs"
	"testing"
)

func TestJudgeCounts(t *testing.T) {
	run, counts := file{path: "/run/msg", mode: 0o755}, file{path: "/run/msg/rate", mode: 0o770, gid: 5}
	judged(t, judgeCounts(run, counts, ttyGroup, "heal"), OK, "root:tty 0770", "")
	for _, c := range []struct {
		change func()
		found  string
	}{
		{func() { run.err = fs.ErrNotExist }, "not exist"},
		{func() { run.uid = 54321 }, "others than root may change /run/msg"},
		{func() { run.mode = 0o777 }, "others than root may change /run/msg"},
		{func() { run.mode = 0o700 }, "/run/msg/rate, root:tty 0770, must be root:tty 0770, below 0755"},
		{func() { counts.err = fs.ErrNotExist }, "not exist"},
		{func() { counts.mode = 0o777 }, "root:tty 0777, must be"},
		{func() { counts.mode = 0o700 }, "root:tty 0700, must be"},
		{func() { counts.gid = 54321 }, "root:54321 0770, must be"},
		{func() { counts.uid = 54321 }, "54321:tty 0770, must be"},
	} {
		r, k := run, counts
		c.change()
		judged(t, judgeCounts(run, counts, ttyGroup, "heal"), Problem, c.found, "heal")
		run, counts = r, k
	}
	counts.full = "no inode is free"
	judged(t, judgeCounts(run, counts, ttyGroup, "heal"), Problem, "/run/msg/rate: no inode is free; until then", `"df -i /run/msg/rate"`)
}

func TestJudgePending(t *testing.T) {
	run, pending := file{path: "/run/msg", mode: 0o755}, file{path: "/run/msg/pending", mode: 0o1775, gid: 5}
	judged(t, judgePending(run, pending, ttyGroup, "heal"), OK, "root:tty 1775", "")
	for _, c := range []struct {
		change func(run, pending *file)
		status string
		found  string
		heal   string
	}{
		{func(run, _ *file) { run.err = fs.ErrNotExist }, Note, "for the reason above", ""},
		{func(run, _ *file) { run.mode = 0o777 }, Note, "for the reason above", ""},
		{func(_, p *file) { p.err = fs.ErrNotExist }, Problem, "not exist; until then", "heal"},
		{func(_, p *file) { p.mode = 0o1777 }, Problem, "root:tty 1777, must be", "heal"},
		{func(_, p *file) { p.mode = 0o775 }, Problem, "root:tty 0775, must be", "heal"},
		{func(_, p *file) { p.mode = 0o1770 }, Problem, "root:tty 1770, must be", "heal"},
		{func(_, p *file) { p.gid = 54321 }, Problem, "root:54321 1775, must be", "heal"},
		{func(_, p *file) { p.uid = 54321 }, Problem, "54321:tty 1775, must be", "heal"},
	} {
		r, p := run, pending
		c.change(&r, &p)
		judged(t, judgePending(r, p, ttyGroup, "heal"), c.status, c.found, c.heal)
	}
	pending.full = "read-only file system"
	judged(t, judgePending(run, pending, ttyGroup, "heal"), Problem, "/run/msg/pending: read-only file system; until then", "findmnt -T /run/msg/pending")
}

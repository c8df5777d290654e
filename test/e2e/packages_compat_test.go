//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"msg/test/lab"
	"msg/test/packages"
)

// diverted are the programs that msg-compat takes the place of.
var diverted = []string{"wall", "write", "mesg"}

// originals tells the contents of other packages' programs and pages.
const originals = "cd /usr; sha256sum bin/wall bin/write bin/mesg share/man/man1/wall.1.gz share/man/man1/write.1.gz share/man/man1/mesg.1.gz 2>/dev/null"

// dummy builds a package with one file on a host.
func dummy(t *testing.T, h *lab.Host, name, file string) (deb string) {
	t.Helper()
	deb = shelf + "/" + name + ".deb"
	h.Run(t, "sh", "-c", fmt.Sprintf(`cd %s && mkdir -p %s/DEBIAN "$(dirname %[2]s%s)" && echo of %[2]s >%[2]s%[3]s &&
		printf 'Package: %[2]s\nVersion: 1\nArchitecture: all\nMaintainer: A <a@b.invalid>\nDescription: x\n' >%[2]s/DEBIAN/control &&
		dpkg-deb -b %[2]s %[4]s`, shelf, name, file, deb))
	return deb
}

// clean checks that dpkg finds the packages that the originals are from as they should be.
func clean(t *testing.T, h *lab.Host) {
	t.Helper()
	is(t, h, "", "dpkg --verify bsdutils; dpkg --verify util-linux; dpkg --verify bsdextrautils")
	is(t, h, "", "dpkg --audit; dpkg-divert --list | grep msg-compat; ls /usr/bin/*.util-linux /usr/share/man/man1/*.util-linux* 2>/dev/null")
}

// TestPackagesCompat: with msg-compat, wall, write and mesg are msg; without it again, all
// is as it was. At no time is there no wall.
func TestPackagesCompat(t *testing.T) {
	withoutMsg(t, func(t *testing.T, h *lab.Host) {
		before, sums := files(t, h), h.Exec(t, "", "sh", "-c", originals).Stdout
		stillThere := watchWall(t, h)
		alone(t, h)
		get(t, h, older, "msg")
		inTheWay(t, h)
		is(t, h, strings.TrimSpace(sums), originals)

		saysWhatMoves(t, h, get(t, h, older, "msg-compat"))
		get(t, h, packages.Version(), "msg")
		is(t, h, older, "dpkg-query -W -f '${Version}' msg-compat") // a newer msg takes it along
		get(t, h, packages.Version(), "msg-compat")
		stillThere()
		for _, name := range diverted {
			is(t, h, "/usr/bin/msg", "readlink -f $(command -v "+name+")")
			h.Run(t, name, "--help")
		}
		is(t, h, "from util-linux", "wall.util-linux --version | grep -o 'from util-linux'")
		is(t, h, "", "dpkg --verify bsdutils; dpkg --verify msg-compat")
		later(t, h)

		h.Run(t, "dpkg", "--purge", "msg-compat")
		is(t, h, strings.TrimSpace(sums), originals)
		clean(t, h)
		h.Run(t, "dpkg", "--purge", "msg")
		same(t, before, files(t, h))
	})
}

// alone: without msg, its links would lead to nothing.
func alone(t *testing.T, h *lab.Host) {
	t.Helper()
	out := h.Exec(t, "", "dpkg", "-i", shelf+"/"+older+"/msg-compat.deb")
	if out.Code == 0 || !strings.Contains(out.Stderr, "msg") {
		t.Errorf("%+v", out)
	}
	h.Run(t, "wall", "--version")
	h.Exec(t, "", "dpkg", "--purge", "msg-compat")
	clean(t, h)
}

// watchWall looks all the time whether there is a wall, until the function that it returns
// says.
func watchWall(t *testing.T, h *lab.Host) (stillThere func()) {
	t.Helper()
	if h != lab.D12 {
		return func() {} // once is enough: it takes all of a processor
	}
	ctx, stop := context.WithCancel(t.Context())
	t.Cleanup(stop)
	watch := begins(t, h.Command(ctx, "sh", "-c", "while [ -e /usr/bin/wall ]; do :; done"))
	return func() {
		select {
		case <-watch.ended:
			t.Error("for a moment, there was no wall")
		default:
			stop()
		}
	}
}

// saysWhatMoves: who installs it reads what becomes of each program, there or not.
func saysWhatMoves(t *testing.T, h *lab.Host, said string) {
	t.Helper()
	for _, name := range diverted {
		file := "/usr/bin/" + name
		want := "msg-compat: " + file + " is kept as " + file + ".util-linux, until msg-compat is removed"
		if (h == lab.D13 || h == lab.SID) && name != "wall" {
			want = "msg-compat: should another package bring " + file + ", it will be " + file + ".util-linux"
		}
		if !strings.Contains(said, want) {
			t.Errorf("%q was said, without %q", said, want)
		}
	}
}

// inTheWay: what cannot be installed has moved nothing.
func inTheWay(t *testing.T, h *lab.Host) {
	t.Helper()
	for _, file := range []string{"/usr/share/man/man1/mesg.util-linux.1.gz", "/usr/share/doc/msg-compat/copyright"} {
		h.Run(t, "dpkg", "-i", dummy(t, h, "in-the-way", file))
		out := h.Exec(t, "", "dpkg", "-i", shelf+"/"+older+"/msg-compat.deb")
		if out.Code == 0 || !strings.Contains(out.Stderr, file) {
			t.Errorf("%s: %+v", file, out)
		}
		h.Run(t, "dpkg", "--purge", "in-the-way", "msg-compat")
		clean(t, h)
		h.Run(t, "rm", "-r", shelf+"/in-the-way")
	}
}

// later: a package that brings such a program while msg-compat is there has it moved, too.
func later(t *testing.T, h *lab.Host) {
	t.Helper()
	if slices.Contains([]*lab.Host{lab.D12, lab.Plain}, h) {
		return // bsdextrautils has brought it
	}
	h.Run(t, "dpkg", "-i", dummy(t, h, "has-write", "/usr/bin/write"))
	is(t, h, "of has-write\n/usr/bin/msg", "cat /usr/bin/write.util-linux; readlink -f /usr/bin/write")
	h.Run(t, "dpkg", "--purge", "has-write")
}

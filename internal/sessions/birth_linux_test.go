package sessions

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const mountinfo = `22 28 0:5 / /dev rw,nosuid - devtmpfs udev rw,size=1k,mode=755
23 22 0:22 / /dev/pts rw,nosuid,noexec shared:3 - devpts devpts rw,gid=5,mode=620,ptmxmode=000
90 28 0:22 / /srv/a\040-\040b/pts rw - devpts devpts rw,gid=5,mode=620,ptmxmode=000
91 28 0:51 / /srv/jail/dev/pts rw - devpts none rw,gid=5,mode=600,ptmxmode=666
92 28 0:52 / /srv/odd rw - devpts none rw,ptmxmode=666
93 28 0:53 / /srv/none rw -`

func TestMountMode(t *testing.T) {
	for minor, want := range map[uint32]uint32{22: 0o620, 51: 0o600} {
		if got, err := mountMode(strings.NewReader(mountinfo), 0, minor); err != nil || got != want {
			t.Errorf("0:%d: %o, %v; want %o", minor, got, err, want)
		}
	}
	for _, minor := range []uint32{5, 52, 53, 54} {
		if got, err := mountMode(strings.NewReader(mountinfo), 0, minor); err == nil {
			t.Errorf("0:%d: %o", minor, got)
		}
	}
}

// TestDevptsMode: a new terminal has the mode that is told for new terminals.
func TestDevptsMode(t *testing.T) {
	told, err := Local(nil).devptsMode()
	if err != nil {
		t.Fatal(err)
	}
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer master.Close()
	defer slave.Close()
	var st unix.Stat_t
	if err := unix.Fstat(int(slave.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	if got := st.Mode & 0o777; got != told {
		t.Errorf("mode %o, told was %o", got, told)
	}
	terminals := []Terminal{{Name: strings.TrimPrefix(slave.Name(), "/dev/")}}
	if err := Local(nil).tellBirths(terminals); err != nil || terminals[0].BornOn != (st.Mode&0o020 != 0) {
		t.Errorf("mode %o: %+v, %v", st.Mode, terminals[0], err)
	}
}

// TestBirthsInDoubt: if nobody tells how terminals begin, one that is not group-writable has
// messages off, and that is a problem to tell of.
func TestBirthsInDoubt(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "pts"), 0o755); err != nil {
		t.Fatal(err)
	}
	terminals := func() []Terminal { return []Terminal{{Name: "pts/1"}, {Name: "tty2"}} }
	for name, s := range map[string]System{
		"no /proc":    {Dev: "/dev", Proc: dir, LoginDefs: []string{dir}},
		"no /dev/pts": {Dev: "/nonexistent", Proc: "/proc", LoginDefs: []string{dir}},
		"no devpts":   {Dev: dir, Proc: "/proc", LoginDefs: []string{dir}},
	} {
		all := terminals()
		if err := s.tellBirths(all); err == nil || !all[0].BornOn || !all[1].BornOn {
			t.Errorf("%s: %+v, %v", name, all, err)
		}
	}
}

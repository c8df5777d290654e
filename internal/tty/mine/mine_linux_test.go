package mine_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"msg/internal/tty/mine"
	"msg/internal/tty/ttytest"
)

// TestFind: the first file that is a terminal counts, and it stays open.
func TestFind(t *testing.T) {
	first, second := ttytest.Open(t), ttytest.Open(t)
	null, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	own, err := mine.Find(strings.NewReader(""), nil, null, first.Slave, second.Slave)
	if err != nil || own.Name != first.Name || own.Owner != uint32(os.Getuid()) || own.Mode != 0o620 {
		t.Fatalf("%+v, %v", own, err)
	}
	own.Close()
	if _, err := first.Slave.Stat(); err != nil {
		t.Error(err)
	}
	if _, err := mine.Find(null, (*os.File)(nil)); !errors.Is(err, mine.ErrNone) {
		t.Errorf("%v", err)
	}
}

// TestSet: off takes write from everyone but the owner and leaves the sticky bit, on gives write
// to the group and clears the bit.
func TestSet(t *testing.T) {
	for _, c := range []struct {
		before   uint32
		writable bool
		after    [2]uint32 // off, on
	}{
		{0o620, true, [2]uint32{0o1600, 0o620}},
		{0o600, false, [2]uint32{0o1600, 0o620}},
		{0o1600, false, [2]uint32{0o1600, 0o620}},
		{0o1620, true, [2]uint32{0o1600, 0o620}},
		{0o602, true, [2]uint32{0o1600, 0o622}},
		{0o666, true, [2]uint32{0o1644, 0o666}},
	} {
		for i, on := range []bool{false, true} {
			term := ttytest.Open(t)
			if err := unix.Fchmod(int(term.Slave.Fd()), c.before); err != nil {
				t.Fatal(err)
			}
			own, err := mine.Find(term.Slave)
			if err != nil || own.Mode != c.before || own.Writable() != c.writable {
				t.Errorf("%o: %+v, %v", c.before, own, err)
			}
			if err := own.Set(on); err != nil {
				t.Error(err)
			}
			if got := mode(t, term); got != c.after[i] || own.Mode != got || own.Writable() != (got&0o022 != 0) {
				t.Errorf("%o, switched %v: %o, want %o; %+v", c.before, on, got, c.after[i], own)
			}
		}
	}
}

func mode(t *testing.T, term *ttytest.Terminal) uint32 {
	t.Helper()
	var st unix.Stat_t
	if err := unix.Stat(term.Path, &st); err != nil {
		t.Fatal(err)
	}
	return st.Mode & 0o7777
}

// TestNoStays: a person who is not root can set the bit. It is kept when the terminal gets
// another owner, and by util-linux's mesg n; a new terminal of that number lacks it.
func TestNoStays(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root may give a terminal to somebody; as root, this test runs")
	}
	const nobody = 65534
	term := ttytest.Open(t)
	if err := term.Slave.Chown(nobody, 5); err != nil {
		t.Fatal(err)
	}
	no := exec.Command("chmod", "1600", term.Path)
	no.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if out, err := no.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if got := mode(t, term); got != 0o1600 {
		t.Errorf("mode %o", got)
	}
	if err := term.Slave.Chown(0, 0); err != nil {
		t.Fatal(err)
	}
	if got := mode(t, term); got != 0o1600 {
		t.Errorf("after chown: mode %o", got)
	}
	if path, err := exec.LookPath("mesg"); err == nil {
		theirs := exec.Command(path, "n")
		theirs.Stdin = term.Slave
		out, err := theirs.CombinedOutput()
		if got := mode(t, term); got != 0o1600 || theirs.ProcessState.ExitCode() != 1 {
			t.Errorf("after util-linux's mesg n: mode %o, %v, %s", got, err, out)
		}
	}
	path := term.Path
	term.Slave.Close()
	term.HangUp()
	for range 100 {
		master, slave, err := pty.Open() // ttytest would set a mode
		if err != nil {
			t.Fatal(err)
		}
		defer master.Close()
		defer slave.Close()
		if slave.Name() == path {
			info, err := slave.Stat()
			if err != nil || info.Mode()&fs.ModeSticky != 0 {
				t.Errorf("a new terminal of that number: %v, %v", info, err)
			}
			return
		}
	}
	t.Errorf("%s was not given anew", path)
}

func TestControlling(t *testing.T) {
	term := ttytest.Open(t)
	for device, want := range map[uint64]string{0: "", term.Device: term.Name, ^uint64(0): ""} {
		if got := mine.Controlling(device); got != want {
			t.Errorf("%#x is %q, want %q", device, got, want)
		}
	}
}

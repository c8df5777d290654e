package mine_test

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"

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

// TestSet: off takes write from everyone but the owner, and on gives it to the group.
func TestSet(t *testing.T) {
	for _, c := range []struct {
		before       fs.FileMode
		on, writable bool
		after        [2]fs.FileMode // off, on
	}{
		{0o620, true, true, [2]fs.FileMode{0o600, 0o620}},
		{0o600, false, false, [2]fs.FileMode{0o600, 0o620}},
		{0o602, false, true, [2]fs.FileMode{0o600, 0o622}},
	} {
		for i, on := range []bool{false, true} {
			term := ttytest.Open(t)
			if err := term.Slave.Chmod(c.before); err != nil {
				t.Fatal(err)
			}
			own, err := mine.Find(term.Slave)
			if err != nil || own.MessagesOn() != c.on || own.Writable() != c.writable || mine.MessagesOn(term.Name) != c.on {
				t.Errorf("%o: %+v, %v", c.before, own, err)
			}
			if err := own.Set(on); err != nil {
				t.Error(err)
			}
			info, err := os.Stat(term.Path)
			if err != nil || info.Mode().Perm() != c.after[i] || own.MessagesOn() != on || mine.MessagesOn(own.Name) != on {
				t.Errorf("%o, switched %v: %v, %v, %+v", c.before, on, info, err, own)
			}
		}
	}
}

func TestControlling(t *testing.T) {
	term := ttytest.Open(t)
	for device, want := range map[uint64]string{0: "", term.Device: term.Name, ^uint64(0): ""} {
		if got := mine.Controlling(device); got != want {
			t.Errorf("%#x is %q, want %q", device, got, want)
		}
	}
	if mine.MessagesOn("") || mine.MessagesOn("pts/none") {
		t.Error("messages come to what is no terminal")
	}
}

// Package mine finds the terminal that the program was started at, and switches
// messages to it on and off, as mesg(1) does.
//
// It works with the user's own rights: the kernel lets only a terminal's owner and root
// switch it. It touches no other terminal, and it writes nothing to one. It does not judge
// whether messages come: the mode is one of the things that package consent looks at.
package mine

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// The permissions of a terminal's device. Its group may write if its owner has said yes to
// messages. Nobody else ever needs to.
const (
	groupWrites fs.FileMode = 0o020
	othersWrite fs.FileMode = 0o002
)

// stickyBit is the sticky bit as st_mode has it (inode(7)).
const stickyBit = 0o1000

var (
	// ErrNone says that none of the descriptors is a terminal.
	ErrNone = errors.New("none of standard input, output and error is a terminal")

	// ErrNoName says that the terminal is not below this program's /dev.
	ErrNoName = errors.New("/dev has no name for this terminal; is it of another container?")
)

// Terminal is the terminal that the program was started at.
type Terminal struct {
	Name  string // below /dev: pts/3
	Owner uint32
	Mode  uint32 // the permission bits and the sticky bit, as st_mode has them

	file   *os.File
	opened bool // Close closes the file
}

// Find returns the first of the files that is a terminal. mesg(1) looks at standard
// input, output and error, in this order. Values that are no *os.File are skipped.
// Without a terminal the error is ErrNone.
func Find(files ...any) (*Terminal, error) {
	for _, v := range files {
		if f, ok := v.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
			return terminalOf(f)
		}
	}
	return nil, ErrNone
}

// Writable reports whether anyone but the owner may write to the terminal, which is
// what mesg(1) calls "y".
func (t *Terminal) Writable() bool { return fs.FileMode(t.Mode)&(groupWrites|othersWrite) != 0 }

// Set says yes or no to messages on this terminal. It changes the mode through the
// descriptor: the name may be another terminal's by now. A no has the sticky bit, which a new
// terminal lacks: most terminals begin without write permission, and that says nothing.
func (t *Terminal) Set(on bool) error {
	mode := fs.FileMode(t.Mode).Perm()
	if on {
		mode |= groupWrites
	} else {
		mode = mode&^(groupWrites|othersWrite) | noMark
	}
	if err := t.file.Chmod(mode); err != nil {
		return err
	}
	t.Mode = modeBits(mode)
	return nil
}

// modeBits returns a mode as st_mode has it.
func modeBits(mode fs.FileMode) uint32 {
	bits := uint32(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= stickyBit
	}
	return bits
}

// Close closes what Find has opened, and none of the files that it was given.
func (t *Terminal) Close() {
	if t.opened {
		_ = t.file.Close() // nothing was written
	}
}

// Controlling returns the name of the terminal with that device number; "" for 0, and
// if /dev has none.
func Controlling(device uint64) string {
	if device == 0 {
		return ""
	}
	return deviceName(func(info fs.FileInfo) bool { return deviceNumber(info) == device })
}

// terminalOf returns the terminal behind a descriptor. /dev/tty is another name for a
// terminal, and its mode is not the terminal's and has to stay: terminalOf opens the
// terminal that it stands for.
func terminalOf(f *os.File) (*Terminal, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	device, owner, ok := stat(info)
	if !ok {
		return nil, errors.New("terminals have no messages to switch on or off here")
	}
	if meant := deviceMeant(f, device); meant != device {
		return openControlling(meant)
	}
	name := deviceName(func(other fs.FileInfo) bool { return os.SameFile(info, other) })
	if name == "" { // another container's; its mode is known all the same
		name = "this terminal"
	}
	return &Terminal{Name: name, Owner: owner, Mode: modeBits(info.Mode()), file: f}, nil
}

// openControlling opens the terminal with that device number. In a container, another
// terminal may have the number: only the controlling terminal counts.
func openControlling(device uint64) (*Terminal, error) {
	name := Controlling(device)
	if name == "" {
		return nil, ErrNoName
	}
	f, err := openInTime("/dev/" + name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !controls(f) {
		err = fmt.Errorf("%w (%s is not it)", ErrNoName, name)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	_, owner, _ := stat(info)
	return &Terminal{Name: name, Owner: owner, Mode: modeBits(info.Mode()), file: f, opened: true}, nil
}

// hangTime is how long a terminal may take to be opened. If it is another's, its owner can have
// that last as long as they like.
const hangTime = 100 * time.Millisecond

// openInTime opens a terminal, or leaves it behind.
func openInTime(path string) (*os.File, error) {
	type opened struct {
		file *os.File
		err  error
	}
	done := make(chan opened)
	late := make(chan struct{})
	go func() {
		f, err := os.OpenFile(path, openFlags, 0)
		select {
		case done <- opened{f, err}:
		case <-late:
			_ = f.Close() // nil fails, and nobody misses it
		}
	}()
	select {
	case got := <-done:
		return got.file, got.err
	case <-time.After(hangTime):
		close(late)
		return nil, fmt.Errorf("%s hangs", path)
	}
}

// deviceNumber returns the number of a character device; 0 for any other file.
func deviceNumber(info fs.FileInfo) uint64 {
	device, _, ok := stat(info)
	if !ok || info.Mode()&fs.ModeCharDevice == 0 {
		return 0
	}
	return device
}

// deviceName returns the name below /dev of the device that is the one; "" if none is.
func deviceName(is func(fs.FileInfo) bool) string {
	for _, dir := range []string{"/dev/pts/", "/dev/"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a system without /dev/pts
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err == nil && info.Mode()&fs.ModeCharDevice != 0 && is(info) {
				return strings.TrimPrefix(dir+entry.Name(), "/dev/")
			}
		}
	}
	return ""
}

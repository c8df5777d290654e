package mine

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// noMark tells a no on a terminal from a terminal where nothing was said.
const noMark = fs.ModeSticky

// deviceMeant returns the number of the terminal that a descriptor stands for: /dev/tty
// has a number of its own, and the kernel tells the terminal's (TIOCGDEV).
func deviceMeant(f *os.File, device uint64) uint64 {
	meant, err := unix.IoctlGetUint32(int(f.Fd()), unix.TIOCGDEV)
	if err != nil {
		return device
	}
	return uint64(meant)
}

// controls reports whether the file is this process's controlling terminal: of no other
// terminal the kernel tells the session (TIOCGSID, ioctl_tty(2)).
func controls(f *os.File) bool {
	_, err := unix.IoctlGetUint32(int(f.Fd()), unix.TIOCGSID)
	return err == nil
}

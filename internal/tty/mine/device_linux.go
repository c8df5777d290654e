package mine

import (
	"io/fs"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const openFlags = os.O_RDONLY | syscall.O_NOCTTY | syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// noMark tells a no on a terminal from a terminal where nothing was said.
const noMark = fs.ModeSticky

// stat returns a file's device number and owner, as stat(2) has them.
func stat(info fs.FileInfo) (device uint64, owner uint32, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return uint64(st.Rdev), st.Uid, true
}

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

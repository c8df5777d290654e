package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// deviceMeant is the number of the terminal behind a descriptor: /dev/tty has one
// of its own, and the kernel says which terminal it stands for (TIOCGDEV).
func deviceMeant(f *os.File, device uint64) uint64 {
	meant, err := unix.IoctlGetUint32(int(f.Fd()), unix.TIOCGDEV)
	if err != nil {
		return device
	}
	return uint64(meant)
}

// controls reports whether it is the controlling terminal of this process; of no
// other one the kernel tells the session (TIOCGSID, ioctl_tty(2)).
func controls(f *os.File) bool {
	_, err := unix.IoctlGetUint32(int(f.Fd()), unix.TIOCGSID)
	return err == nil
}

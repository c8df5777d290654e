//go:build linux

package lab

import (
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pushKey has a terminal take a byte for typed; see TIOCSTI in
// ioctl_tty(2). It takes CAP_SYS_ADMIN.
func pushKey(terminal *os.File, key byte) error {
	_, _, errno := unix.Syscall(unix.SYS_IOCTL, terminal.Fd(), unix.TIOCSTI, uintptr(unsafe.Pointer(&key)))
	if errno != 0 {
		return errno
	}
	return nil
}

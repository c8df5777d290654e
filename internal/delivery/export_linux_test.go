package delivery

import (
	"os"

	"golang.org/x/sys/unix"
)

// LeaveFiles sets the limit of open files so that this process may open so many terminals, with all
// else that a message needs.
func LeaveFiles(terminals int) error {
	r, w, err := os.Pipe() // which has the runtime open what it needs
	if err != nil {
		return err
	}
	_, _ = r.Close(), w.Close()
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	for limit.Cur = 8; ; limit.Cur++ {
		if err := unix.Setrlimit(unix.RLIMIT_NOFILE, &limit); err != nil || freeFiles() == reserved+terminals {
			return err
		}
	}
}

// CountedFree is how many files may be open, as counted with and without /proc.
func CountedFree() (with, without int, err error) {
	var limit unix.Rlimit
	err = unix.Getrlimit(unix.RLIMIT_NOFILE, &limit)
	return freeFiles(), int(limit.Cur) - countOpen(int(limit.Cur)), err
}

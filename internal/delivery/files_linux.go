package delivery

import (
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// reserved are descriptors for all but terminals: the standard ones, the runtime's, a question
// to getent.
const reserved = 24

// openFiles is how many terminals may be open at once: as many as the kernel allows this
// process, because those that are held stay open until the deadline.
func openFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1
	}
	return int(min(max(limit.Cur, reserved+1)-reserved, 1<<20))
}

// growTable has the kernel make room for as many open files as there are pseudo-terminals, and
// closes the channel when there is. The kernel would double the room each time that it is full,
// and in a program with threads wait some milliseconds each time, until no processor looks at
// the old one (expand_fdtable in fs/file.c). While we look who is logged in, it costs nothing.
func growTable() <-chan struct{} {
	grown := make(chan struct{})
	files := min(pseudoTerminals(), openFiles()) + reserved
	if files <= few {
		close(grown)
		return grown
	}
	go func() {
		defer close(grown)
		if fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, files-1); err == nil {
			unix.Close(fd)
		}
	}()
	return grown
}

// pseudoTerminals is how many there are, in all containers (proc_sys_kernel(5), pty/nr).
func pseudoTerminals() int {
	data, err := os.ReadFile("/proc/sys/kernel/pty/nr")
	n, parseErr := strconv.Atoi(strings.TrimSpace(string(data)))
	if err != nil || parseErr != nil {
		return 0
	}
	return n
}

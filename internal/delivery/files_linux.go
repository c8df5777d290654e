package delivery

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"msg/internal/message"
)

// reserved are descriptors for all but terminals: files that are read, a question to getent,
// answers that come.
const reserved = 24

// mostOpen bounds the terminals that are open at once.
const mostOpen = 1 << 20

// openFiles is how many terminals may be open at once: as many as the kernel allows this
// process, because those that are held stay open until the deadline.
func openFiles() int { return max(freeFiles()-reserved, 1) }

// checkFiles refuses a message if this process may not open as many files as it needs. A file that
// can't be opened would pass for one that is not there: a count, a log, a person's session.
func checkFiles() error {
	if free := freeFiles(); free <= reserved {
		return &message.Refusal{
			Problem: fmt.Sprintf("only %d more files may be open, and a message needs %d", free, reserved+1),
			Hint:    `nothing was sent; "ulimit -n 1024" lets more be open`,
		}
	}
	return nil
}

// freeFiles is how many more files this process may have open. It may have begun with many.
func freeFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	most := int(min(limit.Cur, mostOpen))
	names, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return most - countOpen(most)
	}
	free := most + 1 // the directory itself is closed again
	for _, name := range names {
		if fd, err := strconv.Atoi(name.Name()); err == nil && fd < most {
			free--
		}
	}
	return free
}

// mostAsked bounds what countOpen asks for.
const mostAsked = 1 << 12

// countOpen counts the open descriptors below a limit without /proc.
func countOpen(limit int) (n int) {
	for fd := range min(limit, mostAsked) {
		if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == nil {
			n++
		}
	}
	return n
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

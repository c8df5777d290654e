package delivery

import "golang.org/x/sys/unix"

// reserved are descriptors for everything that is not a terminal being written
// to: the standard ones, the runtime's, a question to getent.
const reserved = 24

// openFiles is how many terminals may be open at once. Those that are held stay
// open until the deadline, so it is as many as the kernel lets this process have.
func openFiles() int {
	var limit unix.Rlimit
	if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &limit); err != nil {
		return 1
	}
	return int(min(max(limit.Cur, reserved+1)-reserved, 1<<20))
}

package peer

import (
	"errors"
	"unsafe"

	"golang.org/x/sys/unix"
)

// soPeerPIDFD is SO_PEERPIDFD (asm-generic/socket.h, Linux 6.5), which x/sys/unix does not
// have for all architectures.
const soPeerPIDFD = 77

// Of returns who connected to a socket. It keeps a descriptor of the process until Close.
func Of(socket int) (*Peer, error) {
	who, err := unix.GetsockoptUcred(socket, unix.SOL_SOCKET, unix.SO_PEERCRED)
	if err != nil {
		return nil, err
	}
	groups, err := groupsOf(socket)
	if err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
		return nil, err
	}
	p := &Peer{UID: who.Uid, GID: who.Gid, Groups: groups, PID: int(who.Pid), pidfd: -1}
	fd, err := unix.GetsockoptInt(socket, unix.SOL_SOCKET, soPeerPIDFD)
	switch {
	case err == nil:
		p.pidfd = fd
		unix.CloseOnExec(fd)
	case !errors.Is(err, unix.ENOPROTOOPT):
		p.gone = true // before Linux 6.16, a process that has been waited for has no pidfd
	}
	return p, nil
}

// groupsOf asks for SO_PEERGROUPS. The kernel says how much room it needs.
func groupsOf(socket int) ([]uint32, error) {
	groups := make([]uint32, 32)
	for {
		size := uint32(len(groups) * 4)
		_, _, errno := unix.Syscall6(unix.SYS_GETSOCKOPT, uintptr(socket), unix.SOL_SOCKET, unix.SO_PEERGROUPS,
			uintptr(unsafe.Pointer(&groups[0])), uintptr(unsafe.Pointer(&size)), 0)
		switch {
		case errno == 0:
			return groups[:size/4], nil
		case errno != unix.ERANGE || int(size/4) <= len(groups):
			return nil, errno
		}
		groups = make([]uint32, size/4)
	}
}

// Lives reports whether the process that connected still runs, as far as the kernel tells:
// before Linux 6.5 it has no word for that.
func (p *Peer) Lives() bool {
	if p.PID <= 0 || p.gone {
		return false
	}
	if p.pidfd < 0 {
		return true
	}
	ended, err := unix.Poll([]unix.PollFd{{Fd: int32(p.pidfd), Events: unix.POLLIN}}, 0)
	return err == nil && ended == 0
}

// Close lets go of the process.
func (p *Peer) Close() {
	if p.pidfd >= 0 {
		_ = unix.Close(p.pidfd)
		p.pidfd = -1
	}
}

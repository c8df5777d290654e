//go:build linux

package main

import (
	"errors"
	"fmt"
	"net"
	"time"

	"golang.org/x/sys/unix"
)

// lingers is how long the last close of such a socket takes.
const lingers = 8 * time.Second

// descriptors returns what to send along with a request: "directory", "terminal", "linger" (a TCP
// socket with data that nobody takes), "many", "itself" (the conversation).
func descriptors(kind string, conn *net.UnixConn) ([]int, error) {
	switch kind {
	case "directory":
		return opened("/", unix.O_RDONLY|unix.O_DIRECTORY, 1)
	case "terminal":
		return opened("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY, 1)
	case "many":
		return opened("/dev/null", unix.O_RDONLY, 253) // SCM_MAX_FD
	case "linger":
		fd, err := lingering()
		return []int{fd}, err
	case "itself":
		file, err := conn.File()
		if err != nil {
			return nil, err
		}
		fd, err := unix.Dup(int(file.Fd()))
		return []int{fd}, errors.Join(err, file.Close())
	}
	return nil, fmt.Errorf("no descriptors %q", kind)
}

func opened(path string, flags, n int) (fds []int, err error) {
	for range n {
		fd, err := unix.Open(path, flags|unix.O_CLOEXEC, 0)
		if err != nil {
			return nil, err
		}
		fds = append(fds, fd)
	}
	return fds, nil
}

// lingering returns a TCP socket whose last close waits for as long as nobody reads at the other
// end (SO_LINGER in socket(7)). The other end stays open in this process.
func lingering() (int, error) {
	listening, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	err = errors.Join(
		unix.SetsockoptInt(listening, unix.SOL_SOCKET, unix.SO_RCVBUF, 4096),
		unix.Bind(listening, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}),
		unix.Listen(listening, 1),
	)
	if err != nil {
		return -1, err
	}
	at, err := unix.Getsockname(listening)
	if err != nil {
		return -1, err
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Connect(fd, at); err != nil {
		return -1, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return -1, err
	}
	for buffer := make([]byte, 1<<16); ; {
		if _, err := unix.Write(fd, buffer); err != nil {
			break // nothing more fits
		}
	}
	linger := unix.Linger{Onoff: 1, Linger: int32(lingers / time.Second)}
	return fd, errors.Join(unix.SetNonblock(fd, false), unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &linger))
}

// discard closes the sender's own copies. A socket that lingers closes at once without that, and
// if the kernel did not take it, its close would take its time here.
func discard(fds []int) {
	for _, fd := range fds {
		go func() { _ = unix.Close(fd) }()
	}
}

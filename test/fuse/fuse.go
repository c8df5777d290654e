//go:build linux

// Package fuse is a file system with files whose content never comes and can never be written: a
// page of one that is mapped has the kernel wait in whatever touches it, even in a process that was
// sent SIGKILL, until the file system is gone.
package fuse

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Size is that of each file, in bytes: one page.
const Size = 4096

// What linux/fuse.h has: operations, and the number of the directory.
const (
	lookup    = 1
	forget    = 2
	getAttr   = 3
	setAttr   = 4
	open      = 14
	read      = 15
	write     = 16
	initiate  = 26
	openDir   = 27
	interrupt = 36
	forgets   = 42
	root      = 1

	writebackCache = 1 << 16 // FUSE_WRITEBACK_CACHE: what is mapped may be written to
)

type header struct {
	Length, Operation  uint32
	Unique, Node       uint64
	UID, GID, PID, Pad uint32
}

type attributes struct {
	Node, Size, Blocks, Accessed, Modified, Changed uint64
	AccessedNS, ModifiedNS, ChangedNS               uint32
	Mode, Links, UID, GID, Device, BlockSize, Flags uint32
}

// Mount mounts the file system on a directory, and serves it until the process ends. A file is
// called by the path that it returns, and any number behind that. If reads is set, the content of a
// file comes, and only what is written to it never gets there.
func Mount(dir string, reads bool) (file string, err error) {
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		return "", fmt.Errorf("/dev/fuse: %w", err)
	}
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=%d,group_id=%d", fd, os.Getuid(), os.Getgid())
	if err := unix.Mount("fuse", dir, "fuse", 0, options); err != nil {
		return "", fmt.Errorf("mount %s: %w", dir, err)
	}
	go serve(fd, reads)
	return filepath.Join(dir, "f"), nil
}

// serve answers everything but writes, and reads only if it is to.
func serve(fd int, reads bool) {
	defer unix.Close(fd)
	buf := make([]byte, 256<<10)
	for {
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOENT) {
			continue
		}
		var h header
		if err != nil {
			return
		}
		size, err := binary.Decode(buf[:n], binary.NativeEndian, &h)
		if err != nil {
			return
		}
		if h.Operation == read && reads {
			answer(fd, h, 0, [Size]byte{})
			continue
		}
		respond(fd, h, buf[size:n])
	}
}

func respond(fd int, h header, body []byte) {
	a := attributes{
		Node: h.Node, Size: Size, Links: 1, Mode: unix.S_IFREG | 0o644, BlockSize: Size,
		UID: uint32(os.Getuid()), GID: uint32(os.Getgid()),
	}
	if h.Node == root && h.Operation != lookup {
		a.Mode = unix.S_IFDIR | 0o755
	}
	switch h.Operation {
	case read, write, forget, forgets, interrupt:
	case initiate:
		flags := binary.NativeEndian.Uint32(body[12:]) & writebackCache
		answer(fd, h, 0, [16]uint32{7, 31, Size, flags, 12<<16 | 16, Size})
	case lookup:
		number, _ := strconv.Atoi(string(body[1 : len(body)-1])) // f12 and a zero byte
		a.Node = root + 1 + uint64(number)
		answer(fd, h, 0, [5]uint64{a.Node, 0, 1000, 1000, 0}, a)
	case getAttr, setAttr:
		answer(fd, h, 0, [2]uint64{1000, 0}, a)
	case open, openDir:
		answer(fd, h, 0, [2]uint64{1, 0})
	default:
		answer(fd, h, -int32(unix.ENOSYS))
	}
}

func answer(fd int, to header, failure int32, parts ...any) {
	var body []byte
	for _, part := range parts {
		body, _ = binary.Append(body, binary.NativeEndian, part)
	}
	head, _ := binary.Append(nil, binary.NativeEndian, struct {
		Length uint32
		Error  int32
		Unique uint64
	}{uint32(16 + len(body)), failure, to.Unique})
	_, _ = unix.Write(fd, append(head, body...))
}

// HoldTerminal has a terminal hang for as long as the process lives: whatever opens it, writes to it
// or closes it waits. One thread writes to it the content of a file, which never comes, and keeps
// its line discipline; another waits for that with the terminal's lock. It returns only to fail.
// ready is called before the first thread waits: from then on the process gets no more memory.
func HoldTerminal(terminal int, file string, ready func()) error {
	fd, err := unix.Open(file, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	page, err := unix.Mmap(fd, 0, Size, unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	go func() {
		runtime.LockOSThread()
		_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e8}, nil)
		for {
			_, _, _ = unix.Syscall(unix.SYS_WRITE, uintptr(terminal), uintptr(unsafe.Pointer(&page[0])), 64)
		}
	}()
	runtime.LockOSThread()
	ready()
	_ = unix.Nanosleep(&unix.Timespec{Nsec: 2e8}, nil)
	for discipline := 0; ; {
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(terminal), unix.TIOCSETD, uintptr(unsafe.Pointer(&discipline)))
	}
}

//go:build linux

package main

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// soPassRights is SO_PASSRIGHTS (asm-generic/socket.h, Linux 6.16).
const soPassRights = 83

// oldKernel becomes another program, which finds a kernel that does not have SO_PASSRIGHTS.
func oldKernel(argv []string) error {
	runtime.LockOSThread()
	const (
		number = 0 // offsets in struct seccomp_data
		level  = 16 + 8
		option = 16 + 16
	)
	load := func(offset uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: offset}
	}
	unless := func(value uint32, skip uint8) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: value, Jf: skip}
	}
	give := func(value uint32) unix.SockFilter {
		return unix.SockFilter{Code: unix.BPF_RET | unix.BPF_K, K: value}
	}
	filter := []unix.SockFilter{
		load(number), unless(unix.SYS_SETSOCKOPT, 5),
		load(level), unless(unix.SOL_SOCKET, 3),
		load(option), unless(soPassRights, 1),
		give(unix.SECCOMP_RET_ERRNO | uint32(unix.ENOPROTOOPT)),
		give(unix.SECCOMP_RET_ALLOW),
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return err
	}
	return syscall.Exec(argv[0], argv, os.Environ())
}

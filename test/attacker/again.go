//go:build linux

package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// again starts a process that has that number, as a user on a terminal of the user's own, and
// keeps it until standard input ends. Only root may choose a number (clone3 in clone(2)).
func again(pid, uid string) error {
	n, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	id, err := strconv.Atoi(uid)
	if err != nil {
		return err
	}
	wanted := int32(n)
	args := struct {
		flags, pidfd, childTID, parentTID, exitSignal, stack, stackSize, tls uint64
		setTID                                                               uint64
		setTIDSize                                                           uint64
	}{exitSignal: uint64(unix.SIGCHLD), setTID: uint64(uintptr(unsafe.Pointer(&wanted))), setTIDSize: 1}
	argv, err := syscall.SlicePtrFromStrings([]string{"attacker", "onTerminal", strconv.Itoa(id)})
	if err != nil {
		return err
	}
	path, err := syscall.BytePtrFromString("/proc/self/exe")
	if err != nil {
		return err
	}
	env := []*byte{nil}
	child, _, errno := unix.RawSyscall(unix.SYS_CLONE3, uintptr(unsafe.Pointer(&args)), unsafe.Sizeof(args), 0)
	if errno != 0 {
		return fmt.Errorf("clone3: %w", errno)
	}
	if child == 0 {
		_, _, _ = unix.RawSyscall(unix.SYS_EXECVE, uintptr(unsafe.Pointer(path)), uintptr(unsafe.Pointer(&argv[0])), uintptr(unsafe.Pointer(&env[0])))
		_, _, _ = unix.RawSyscall(unix.SYS_EXIT_GROUP, 127, 0, 0)
	}
	_, err = io.Copy(io.Discard, os.Stdin)
	_ = unix.Kill(int(child), unix.SIGKILL)
	return err
}

// onTerminal is a user's process on a terminal, until it is killed.
func onTerminal(uid string) error {
	id, err := strconv.Atoi(uid)
	if err != nil {
		return err
	}
	if _, err := unix.Setsid(); err != nil {
		return err
	}
	for _, set := range []func(int) error{syscall.Setgid, syscall.Setuid} {
		if err := set(id); err != nil {
			return err
		}
	}
	number, err := lead(unix.O_CLOEXEC)
	if err != nil {
		return err
	}
	fmt.Printf("pts/%d\n", number)
	return exec.Command("/bin/sleep", "1000").Run()
}

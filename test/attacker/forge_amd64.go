//go:build linux

package main

import "golang.org/x/sys/unix"

// exitWithZero makes an exit that a traced process is about to take a success.
func exitWithZero(pid int) error {
	var registers unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &registers); err != nil {
		return err
	}
	if registers.Orig_rax != unix.SYS_EXIT_GROUP {
		return nil
	}
	registers.Rdi = 0
	return unix.PtraceSetRegs(pid, &registers)
}

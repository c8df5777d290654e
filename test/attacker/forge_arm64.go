//go:build linux

package main

import "golang.org/x/sys/unix"

// exitWithZero makes an exit that a traced process is about to take a success.
func exitWithZero(pid int) error {
	var registers unix.PtraceRegs
	if err := unix.PtraceGetRegs(pid, &registers); err != nil {
		return err
	}
	if registers.Regs[8] != unix.SYS_EXIT_GROUP {
		return nil
	}
	registers.Regs[0] = 0
	return unix.PtraceSetRegs(pid, &registers)
}

//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// kept are the capabilities that monitors need and listeners hand on, as in msgd.service.
var kept = []int{unix.CAP_DAC_OVERRIDE, unix.CAP_SETUID, unix.CAP_SETGID}

// confine does what systemd does where it starts msgd: of root's capabilities it keeps those
// few, for all threads and for all that is started, and nothing that is started gets more.
func confine() error {
	for capability := 0; capability <= lastCapability; capability++ {
		if isKept(capability) {
			continue
		}
		_, _, errno := syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_CAPBSET_DROP, uintptr(capability), 0, 0, 0, 0)
		if errno != 0 && !errors.Is(errno, unix.EINVAL) { // a capability that this kernel does not have
			return fmt.Errorf("dropping capability %d: %w", capability, errno)
		}
	}
	var set [2]unix.CapUserData
	for _, capability := range kept {
		set[0].Effective |= 1 << capability
	}
	set[0].Permitted = set[0].Effective
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&set[0])), 0)
	if errno != 0 {
		return fmt.Errorf("dropping capabilities: %w", errno)
	}
	_, _, errno = syscall.AllThreadsSyscall6(unix.SYS_PRCTL, unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0, 0)
	if errno != 0 {
		return fmt.Errorf("no_new_privs: %w", errno)
	}
	return nil
}

// lastCapability is more than any kernel has: there are 64 bits for them.
const lastCapability = 63

func isKept(capability int) bool {
	for _, one := range kept {
		if one == capability {
			return true
		}
	}
	return false
}

// begin names the process for ps(1), and keeps its descriptors from what it starts.
func begin(name string) error {
	unix.CloseOnExec(connFD)
	unix.CloseOnExec(betweenFD)
	return os.WriteFile("/proc/self/comm", []byte(name), 0)
}

// become gives up everything for an account, in all threads: a uid that is not 0 any more
// loses all capabilities (capabilities(7)).
func become(who account, groups []uint32) error {
	if who.uid == 0 || who.gid == 0 {
		return errors.New("a judge must not be root")
	}
	more := make([]int, len(groups))
	for i, gid := range groups {
		more[i] = int(gid)
	}
	err := syscall.Setgroups(more)
	if err == nil {
		err = syscall.Setresgid(int(who.gid), int(who.gid), int(who.gid))
	}
	if err == nil {
		err = syscall.Setresuid(int(who.uid), int(who.uid), int(who.uid))
	}
	if err != nil {
		return fmt.Errorf("giving up root: %w", err)
	}
	// The kernel leaves those that could be inherited. systemd may have started msgd with some.
	header, nothing := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}, [2]unix.CapUserData{}
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&nothing[0])), 0)
	if errno != 0 {
		return fmt.Errorf("giving up root: %w", errno)
	}
	// With each change of the uids, the kernel lets others look in again, as fs.suid_dumpable
	// has it (proc_sys_fs(5)).
	if err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0); err != nil {
		return err
	}
	if syscall.Setuid(0) == nil || syscall.Setgid(0) == nil || capabilities() != 0 {
		return errors.New("root was not given up")
	}
	return nil
}

// capabilities returns those that this thread has, could take, or could hand on.
func capabilities() uint64 {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return 1<<64 - 1
	}
	low, high := data[0], data[1]
	return uint64(low.Effective|low.Permitted|low.Inheritable) | uint64(high.Effective|high.Permitted|high.Inheritable)<<32
}

const (
	mostCPU    = 60        // seconds of a judge: a thousand times what a message to everybody takes
	mostMemory = 512 << 20 // bytes
)

// bound sees to it that nobody can have this process run for ever, or take all memory.
func bound() error {
	for resource, most := range map[int]uint64{unix.RLIMIT_CPU: mostCPU, unix.RLIMIT_DATA: mostMemory, unix.RLIMIT_CORE: 0} {
		var limit unix.Rlimit
		if err := unix.Getrlimit(resource, &limit); err != nil {
			return err
		}
		limit.Max = min(limit.Max, most)
		limit.Cur = min(limit.Cur, limit.Max)
		if err := unix.Setrlimit(resource, &limit); err != nil {
			return err
		}
	}
	return nil
}

package hang

import (
	"runtime"
	"sync/atomic"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The first thread's name is the process's: it stays with main, and no terminal holds it.
func init() { runtime.LockOSThread() }

// held is how many threads of this process are at a terminal.
var held atomic.Int64

// At names the thread before a call that the terminal with that number (st_rdev) may hold. gone is
// for after the call.
func At(device uint64) (gone func()) {
	runtime.LockOSThread()
	_ = setName(name(device)) // it fails only for a bad address
	held.Add(1)
	return func() {
		held.Add(-1)
		_ = setName(idle)
		runtime.UnlockOSThread()
	}
}

// idle names a thread that is at no terminal.
const idle = "idle"

func setName(name string) error {
	p, err := unix.BytePtrFromString(name)
	if err != nil {
		return err
	}
	return unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(p)), 0, 0, 0)
}

// Leave is for the end of the process. If a thread is still held, the process leads a session
// from now on: readers of /proc look at session leaders first (package sessions). It also lets
// go of the terminal that it was started from.
func Leave() {
	if held.Load() > 0 {
		_, _ = unix.Setsid() // EPERM for the leader of a process group: nobody will find it
	}
}

package main

import (
	"os"

	"golang.org/x/sys/unix"
)

// flushInput has a terminal forget what was typed and not read (tcflush(3)).
func flushInput(v any) {
	if f, ok := v.(*os.File); ok {
		_ = unix.IoctlSetInt(int(f.Fd()), unix.TCFLSH, unix.TCIFLUSH) // it may be gone
	}
}

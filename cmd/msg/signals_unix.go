//go:build unix

package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

// ignoreSignals keeps a message from ending halfway through: because a reader of
// our output goes away, or because we are in the background and write to our own
// terminal, too ("stty tostop").
func ignoreSignals() {
	signal.Ignore(syscall.SIGPIPE, syscall.SIGTTOU)
}

// dropSetID gives up what rights the program's file may have been given, as chmod on a link named
// wall does: msg reads files and runs ssh for the user who calls it.
func dropSetID() error {
	uid, gid := os.Getuid(), os.Getgid()
	if gid != os.Getegid() {
		if err := syscall.Setregid(gid, gid); err != nil {
			return fmt.Errorf("give up the group of the program's file: %w", err)
		}
	}
	if uid != os.Geteuid() {
		if err := syscall.Setreuid(uid, uid); err != nil {
			return fmt.Errorf("give up the rights of the program's owner: %w", err)
		}
	}
	return nil
}

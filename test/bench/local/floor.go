//go:build linux

package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// floorName is what this program is called with to do what nobody can do without: to open each
// terminal, look what it is, write to it and close it.
const floorName = "floor"

// floor writes to all pseudo-terminals, and prints how long that took, in nanoseconds.
func floor(text string) error {
	names, err := os.ReadDir("/dev/pts")
	if err != nil {
		return err
	}
	data := []byte(text + strings.Repeat(" ", 200) + "\r\n") // as much as a message with its banner
	begun := time.Now()
	for _, name := range names {
		if name.Name() == "ptmx" {
			continue
		}
		fd, err := unix.Open("/dev/pts/"+name.Name(), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
		if err != nil {
			return err
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			return err
		}
		if _, err := unix.Write(fd, data); err != nil {
			return err
		}
		unix.Close(fd)
	}
	fmt.Fprint(os.Stderr, time.Since(begun).Nanoseconds())
	return nil
}

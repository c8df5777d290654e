// Package hang keeps count of threads that a terminal holds, across processes.
//
// A terminal may block in open(2), write(2), close(2) and ioctl(2) in spite of O_NONBLOCK, and
// SIGKILL does not end that: whoever controls the terminal decides how long it takes. A program that
// must end sooner leaves a process behind. Nothing is left in it but such threads. Each
// carries the number of its terminal as its name. So the next message learns from /proc which
// terminals to skip, and the kernel removes that word together with the thread.
package hang

import (
	"fmt"
	"strconv"
	"strings"
)

// prefix begins the name of a thread that is at a terminal.
const prefix = "tty "

// name returns the name of a thread that is at the terminal with that number (st_rdev). Linux keeps
// 15 bytes of it.
func name(device uint64) string { return fmt.Sprintf("%s%x", prefix, device) }

// Device returns which terminal (st_rdev) a thread of that name is at.
func Device(name string) (device uint64, ok bool) {
	number, ok := strings.CutPrefix(name, prefix)
	if !ok {
		return 0, false
	}
	device, err := strconv.ParseUint(number, 16, 64)
	return device, err == nil
}

// The names of the processes that open terminals, or write to them.
const (
	Delivery = "msg-delivery" // of root's own messages
	Judge    = "msgd-judge"
	Monitor  = "msgd-monitor"
)

// Programs are these names.
var Programs = []string{Delivery, Judge, Monitor}

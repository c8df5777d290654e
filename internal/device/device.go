// Package device tells by its number which kind of terminal a device is. So no driver has to
// answer. The numbers are Linux's (Documentation/admin-guide/devices.txt), as stat(2) has them.
package device

import "strconv"

// Major numbers.
const (
	consoles   = 4 // and ttyS from minor 64 on
	current    = 5 // console, tty, ptmx
	firstPTY   = 136
	lastPTY    = 143
	acm        = 166 // ttyACM
	usb        = 188 // ttyUSB
	lowDensity = 204 // ttyAMA and others
	hypervisor = 229 // hvc
)

const firstSerial = 64 // minor number of ttyS0

func major(device uint64) uint64 { return device>>8&0xfff | device>>32&^0xfff }

func minor(device uint64) uint64 { return device&0xff | device>>12&^0xff&0xffffffff }

// IsPseudo reports whether a program is behind the device: a terminal emulator, sshd, tmux.
func IsPseudo(device uint64) bool {
	return major(device) >= firstPTY && major(device) <= lastPTY
}

// IsConsole reports whether the device is a virtual console: tty1 to tty63, or tty0 in front.
func IsConsole(device uint64) bool { return major(device) == consoles && minor(device) < firstSerial }

// IsTerminal reports whether the device is a terminal of any kind.
func IsTerminal(device uint64) bool {
	switch major(device) {
	case consoles, current, acm, usb, lowDensity, hypervisor:
		return true
	}
	return IsPseudo(device)
}

// Name returns the name of a pseudo-terminal or virtual console, or "": pts/3, tty2.
func Name(device uint64) string {
	number := strconv.FormatUint(minor(device), 10)
	switch {
	case IsPseudo(device):
		return "pts/" + number
	case IsConsole(device):
		return "tty" + number
	}
	return ""
}

//go:build unix

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// terminalOf returns the terminal that a descriptor is of. /dev/tty is another
// name for a terminal, with a mode that is not the terminal's and has to stay as
// it is: what it stands for is opened.
func terminalOf(f *os.File) (*terminal, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	device := deviceNumber(info)
	meant := deviceMeant(f, device)
	if meant != device {
		return openControlling(meant)
	}
	name := deviceName(func(other fs.FileInfo) bool { return os.SameFile(info, other) })
	if name == "" { // another container's; its mode is known all the same
		name = "this terminal"
	}
	return described(f, info, name), nil
}

func described(f *os.File, info fs.FileInfo, name string) *terminal {
	t := &terminal{name: name, file: f, mode: info.Mode().Perm()}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		t.owner = st.Uid
	}
	return t
}

func deviceNumber(info fs.FileInfo) uint64 {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode()&fs.ModeCharDevice == 0 {
		return 0
	}
	return uint64(st.Rdev)
}

var errNoName = errors.New("/dev has no name for this terminal; is it of another container?")

// openControlling opens the terminal of that number. In a container, another one
// may have the number: it counts only if it is the controlling terminal.
func openControlling(device uint64) (*terminal, error) {
	name := deviceName(func(info fs.FileInfo) bool { return deviceNumber(info) == device })
	if name == "" {
		return nil, errNoName
	}
	f, err := os.OpenFile("/dev/"+name, os.O_RDONLY|syscall.O_NOCTTY|syscall.O_NONBLOCK|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !controls(f) {
		err = fmt.Errorf("%w (%s is not it)", errNoName, name)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	t := described(f, info, name)
	t.own = true
	return t, nil
}

// deviceName finds the device below /dev; "" where there is none.
func deviceName(is func(fs.FileInfo) bool) string {
	for _, dir := range []string{"/dev/pts/", "/dev/"} {
		entries, err := os.ReadDir(dir)
		if err != nil {
			continue // a system without /dev/pts
		}
		for _, entry := range entries {
			info, err := entry.Info()
			if err == nil && info.Mode()&fs.ModeCharDevice != 0 && is(info) {
				return strings.TrimPrefix(dir+entry.Name(), "/dev/")
			}
		}
	}
	return ""
}

// controllingTerminal is the name of the one that the sender sits at, "" where there is none.
func controllingTerminal(w world) string {
	device := w.engine.Self.Terminal
	if device == 0 {
		return ""
	}
	return deviceName(func(info fs.FileInfo) bool { return deviceNumber(info) == device })
}

// messagesOn tells whether messages to a terminal are on, by its name.
func messagesOn(name string) bool {
	info, err := os.Stat("/dev/" + name)
	return err == nil && info.Mode()&groupWrites != 0
}

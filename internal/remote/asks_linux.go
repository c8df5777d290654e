package remote

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// asksAt is the path by which ssh opens the terminal anew for each question.
const asksAt = "/dev/tty"

// asks reports whether a process asks at the terminal: it has the terminal open, or a process
// that it has started does, such as a jump host's ssh. It also reports true if /proc does not
// tell. An askpass program opens no terminal. If the user prefers one, it may ask at any time.
func asks(pid int) bool {
	if prefers := os.Getenv("SSH_ASKPASS_REQUIRE"); prefers == "prefer" || prefers == "force" {
		return true
	}
	if _, err := os.Stat(fmt.Sprintf("/proc/self/task/%d/children", os.Getpid())); err != nil {
		return true
	}
	return hasTerminalOpen(pid, deepest)
}

// deepest limits how far asks looks: ssh, a shell, a jump host's ssh, its shell and so on.
const deepest = 16

func hasTerminalOpen(pid, deep int) bool {
	dir := filepath.Join("/proc", strconv.Itoa(pid))
	files, err := os.ReadDir(filepath.Join(dir, "fd"))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist) // it has ended
	}
	for _, file := range files {
		if to, err := os.Readlink(filepath.Join(dir, "fd", file.Name())); err == nil && to == asksAt {
			return true
		}
	}
	for _, child := range started(dir) {
		if deep > 0 && hasTerminalOpen(child, deep-1) {
			return true
		}
	}
	return false
}

// started returns the processes that all threads of a process have started.
func started(dir string) (children []int) {
	threads, _ := filepath.Glob(filepath.Join(dir, "task", "*", "children"))
	for _, thread := range threads {
		data, _ := os.ReadFile(thread) // it may have ended
		for word := range strings.FieldsSeq(string(data)) {
			if child, err := strconv.Atoi(word); err == nil {
				children = append(children, child)
			}
		}
	}
	return children
}

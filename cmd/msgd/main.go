//go:build linux

// Command msgd delivers the messages of users who may not write to other people's terminals
// themselves. It is reached by a socket, the door, and is made as sshd is: a listener that
// reads nothing, and for each conversation two processes.
//
//   - The judge has no rights. It reads the request, decides, and writes to terminals whose
//     descriptors it is handed.
//   - The monitor may open terminals. It reads no text: only records of a fixed form, from the
//     judge alone, and checks again what it opens.
//
// The listener starts this program anew for both, so that neither has anything of the
// listener's or of another conversation's. msgd(8) says what is trusted and what is kept.
package main

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"

	"msg/internal/text"
)

// version is set when a release is built.
var version = "0.2.0-dev"

// The roles of this program besides the listener's. The listener starts the first two; the
// last is for a host without msg, where "msg --push" sends this program along.
const (
	judgeRole   = "judge"
	monitorRole = "monitor"
	pushedRole  = "pushed"
)

func main() {
	// Nobody may look into any of these processes or trace them.
	err := unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0)
	if err == nil {
		err = run(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "msgd: %s\n", text.Name(err.Error()))
		os.Exit(1)
	}
}

const usage = `msgd is started by msg.socket, or without systemd as "msgd --listen"; see msgd(8)`

func run(args []string) error {
	role := ""
	if len(args) > 0 {
		role, args = args[0], args[1:]
	}
	switch {
	case role == judgeRole:
		return judge(args)
	case role == monitorRole:
		return monitor(args)
	case role == pushedRole && len(args) == 0:
		return pushed()
	case role == "--version" && len(args) == 0:
		fmt.Println("msgd", version)
		return nil
	case role == "--listen" && len(args) == 0:
		return listenAlone("")
	case role == "--listen" && len(args) == 2 && args[0] == "--group":
		return listenAlone(args[1])
	case role == "" && len(args) == 0:
		return listenForSystemd()
	}
	return errors.New(usage)
}

//go:build unix

package remote

import (
	"os/exec"
	"syscall"
)

// apart starts a program in a process group of its own: Ctrl-C is msg's to hear, which
// then has the helper at the other end come to its end.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

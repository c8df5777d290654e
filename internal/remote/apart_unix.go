//go:build unix

package remote

import (
	"os/exec"
	"syscall"
)

// apart has a program started in a process group of its own: Ctrl-C is msg's to hear,
// which then has the helper at the other end come to its end.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// kill ends a program, unless it has ended, and what it has started in its group, as a
// ProxyCommand.
func kill(cmd *exec.Cmd) {
	if err := cmd.Process.Kill(); err == nil && cmd.SysProcAttr != nil && cmd.SysProcAttr.Setpgid {
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	}
}

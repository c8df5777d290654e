//go:build unix

package remote

import (
	"os/exec"
	"syscall"
)

// apart has a program started in a session of its own. Ctrl-C is then msg's alone to
// hear, which has the helper at the other end come to its end; and neither ssh nor what it
// starts for a jump host can ask anything at the terminal.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// signal sends a signal to a program that has not been waited for, and to what it has
// started: a jump host's ssh, a ProxyCommand.
func signal(cmd *exec.Cmd, s syscall.Signal) {
	if err := cmd.Process.Signal(s); err == nil && cmd.SysProcAttr != nil && cmd.SysProcAttr.Setsid {
		_ = syscall.Kill(-cmd.Process.Pid, s)
	}
}

// terminate has it end, and put right a terminal that it asks for a password at.
func terminate(cmd *exec.Cmd) { signal(cmd, syscall.SIGTERM) }

func kill(cmd *exec.Cmd) { signal(cmd, syscall.SIGKILL) }

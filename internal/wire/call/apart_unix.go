//go:build unix

package call

import (
	"os/exec"
	"syscall"
)

// Apart has a program start in a session of its own. Then msg alone hears Ctrl-C, and tells
// the server to come to its end. And neither ssh nor what it starts for a jump
// host can ask anything at the terminal.
func Apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }

// signal sends a signal to a program that nobody has waited for, and to what it has started:
// a jump host's ssh, a ProxyCommand.
func signal(cmd *exec.Cmd, s syscall.Signal) {
	if err := cmd.Process.Signal(s); err == nil && cmd.SysProcAttr != nil && cmd.SysProcAttr.Setsid {
		_ = syscall.Kill(-cmd.Process.Pid, s)
	}
}

// terminate has a program end, after it has put right a terminal where it asks for a password.
func terminate(cmd *exec.Cmd) { signal(cmd, syscall.SIGTERM) }

// Kill ends a program, and what it has started if it is apart.
func Kill(cmd *exec.Cmd) { signal(cmd, syscall.SIGKILL) }

//go:build !unix

package call

import "os/exec"

// Apart does nothing here.
func Apart(*exec.Cmd) {}

func terminate(cmd *exec.Cmd) { Kill(cmd) }

// Kill ends a program.
func Kill(cmd *exec.Cmd) { _ = cmd.Process.Kill() }

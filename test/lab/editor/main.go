//go:build linux

// Command editor stands for the server of an editor such as VS Code or
// code-server: a process without a terminal that opens one for a person and
// runs a shell on it. A file stands for the editor's window.
//
//	editor DIRECTORY
//
// The terminal's name is in the file "terminal", all that it shows is appended
// to "screen", and whatever is written to the fifo "keys" is typed.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func main() {
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintf(os.Stderr, "editor: %v\n", err)
		os.Exit(1)
	}
}

// run ends with the shell.
func run(dir string) error {
	screen, err := os.Create(filepath.Join(dir, "screen"))
	if err != nil {
		return err
	}
	// Opened for both, it has no end when a test has typed something.
	fifo := filepath.Join(dir, "keys")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		return fmt.Errorf("making %s: %w", fifo, err)
	}
	keys, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	window, terminal, err := pty.Open()
	if err != nil {
		return err
	}
	if err := pty.Setsize(window, &pty.Winsize{Rows: 24, Cols: 80}); err != nil {
		return err
	}
	shell := exec.Command("/bin/bash")
	shell.Env = append(os.Environ(), "TERM=xterm-256color")
	shell.Stdin, shell.Stdout, shell.Stderr = terminal, terminal, terminal
	shell.SysProcAttr = &unix.SysProcAttr{Setsid: true, Setctty: true}
	if err := shell.Start(); err != nil {
		return err
	}
	name := terminal.Name()
	terminal.Close() // so that reading the window ends with the shell
	if err := os.WriteFile(filepath.Join(dir, "terminal"), []byte(name+"\n"), 0o644); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(window, keys) }()
	_, _ = io.Copy(screen, window) // EIO tells that the shell has ended
	return shell.Wait()
}

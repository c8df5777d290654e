// Command demo opens a terminal with a shell in it, sends a message there with
// the program it is given, through the same path as any message, and shows what
// the person at that terminal sees.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"github.com/creack/pty"
)

const (
	columns = 72
	rows    = 12
	message = "The build host reboots at 17:00.\nSave your work; it is back ten minutes later."
)

func main() {
	svg := flag.String("svg", "", "also draw the terminal into `FILE`")
	flag.Parse()
	if err := run(flag.Arg(0), *svg); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(program, svg string) error {
	if program == "" {
		return errors.New("usage: demo [-svg FILE] PROGRAM")
	}
	master, shell, name, err := openTerminal()
	if err != nil {
		return err
	}
	defer master.Close()
	defer func() { _ = shell.Process.Kill(); _ = shell.Wait() }()
	screen := newScreen(master)
	screen.await("$ ")
	fmt.Fprint(master, "echo working...\n")
	screen.await("\nworking...\n$ ")

	fmt.Printf("A shell runs on %s, and now:\n\n  $ msg %s %q\n", name, name, message)
	out, err := exec.Command(program, "-v", name, message).CombinedOutput()
	fmt.Printf("  %s\n", out)
	if err != nil {
		return fmt.Errorf("%s: %w", program, err)
	}
	if !screen.await("| Save your work; it is back ten minutes later.") {
		return fmt.Errorf("the message did not arrive; the terminal shows:\n%s", screen)
	}
	fmt.Printf("The person at %s sees:\n\n%s\n", name, frame(screen.lines()))
	if svg != "" {
		return os.WriteFile(svg, []byte(picture(screen.lines())), 0o644)
	}
	return nil
}

// openTerminal opens a pseudo-terminal with a shell that leads its session, as
// after a login, and messages on (mesg y).
func openTerminal() (*os.File, *exec.Cmd, string, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, nil, "", err
	}
	defer slave.Close()
	err = errors.Join(slave.Chmod(0o620), pty.Setsize(slave, &pty.Winsize{Rows: rows, Cols: columns}))
	if err != nil {
		return nil, nil, "", err
	}
	shell := exec.Command("/bin/sh")
	shell.Env = []string{"PS1=$ ", "TERM=dumb", "PATH=/usr/bin:/bin"}
	shell.Stdin, shell.Stdout, shell.Stderr = slave, slave, slave
	shell.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	return master, shell, strings.TrimPrefix(slave.Name(), "/dev/"), shell.Start()
}

// patience is how long the demo waits for what must come.
const patience = 10 * time.Second

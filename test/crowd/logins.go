//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

const (
	atOnce    = 8 // logins that are under way
	loginTime = time.Minute
)

// prompt is what the lab's shells show.
var prompt = []byte("$ ")

// logins logs n people in, says so with a line, and logs them out when its input ends.
func logins(n int, users []string) error {
	var wait sync.WaitGroup
	room := make(chan struct{}, atOnce)
	all, errs := make([]*login, n), make([]error, n)
	for i := range n {
		room <- struct{}{}
		wait.Go(func() {
			all[i], errs[i] = logIn(users[i%len(users)])
			<-room
		})
	}
	wait.Wait()
	err := errors.Join(errs...)
	if err == nil {
		fmt.Println("all are logged in")
		_, err = io.Copy(io.Discard, os.Stdin)
	}
	for _, l := range all {
		if l != nil {
			wait.Go(l.leave)
		}
	}
	wait.Wait()
	return err
}

// login is somebody at a terminal whose output nobody keeps.
type login struct {
	process  *exec.Cmd
	terminal *os.File // the master
}

// logIn returns when the shell shows its prompt.
func logIn(user string) (*login, error) {
	cmd := exec.Command("login", "-f", user)
	cmd.Env = []string{"PATH=/usr/bin:/bin", "TERM=dumb"}
	terminal, err := pty.Start(cmd)
	if err != nil {
		return nil, err
	}
	l := &login{cmd, terminal}
	if l.terminal, err = pollable(terminal); err != nil {
		return nil, err
	}
	shown := make(chan error, 1)
	go func() { shown <- l.follow() }()
	select {
	case err = <-shown:
	case <-time.After(loginTime):
		err = errors.New("no prompt")
	}
	if err != nil {
		l.leave()
		return nil, fmt.Errorf("logging in %s: %w", user, err)
	}
	return l, nil
}

// pollable makes a file one that can be closed while it is read.
func pollable(f *os.File) (*os.File, error) {
	defer f.Close()
	fd, err := unix.FcntlInt(f.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), f.Name()), nil
}

// follow reads up to the prompt, and leaves the rest to be read in the background.
func (l *login) follow() error {
	var seen []byte
	buffer := make([]byte, 4096)
	for !bytes.HasSuffix(seen, prompt) {
		n, err := l.terminal.Read(buffer)
		if errors.Is(err, syscall.EIO) { // login hangs up, and opens it anew
			time.Sleep(10 * time.Millisecond)
			continue
		}
		if err != nil {
			return fmt.Errorf("%w after %q", err, seen)
		}
		seen = append(seen, buffer[:n]...)
	}
	go func() { _, _ = io.Copy(io.Discard, l.terminal) }()
	return nil
}

func (l *login) leave() {
	l.terminal.Close()
	_ = l.process.Wait()
}

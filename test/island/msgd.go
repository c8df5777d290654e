//go:build linux

package island

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Door is msgd's socket.
const Door = "/run/msg/door"

// Service is an msgd that listens without systemd, as a child of this process.
type Service struct {
	PID int      // of the listener
	log *os.File // its standard error, and that of its conversations
}

// Starter starts a program, such as (*exec.Cmd).Start does.
type Starter func(*exec.Cmd) error

// startTime is how long msgd may take to open its door.
const startTime = 20 * time.Second

// Start starts msgd, and returns when its door is open. It takes the place of a door that an
// msgd before has left.
func Start() (*Service, error) {
	fd, err := unix.MemfdCreate("msgd", unix.MFD_CLOEXEC) // in no directory: a test may fill /run
	if err != nil {
		return nil, err
	}
	s := &Service{log: os.NewFile(uintptr(fd), "msgd's log")}
	return s, s.Restart((*exec.Cmd).Start)
}

// Restart starts msgd again after Kill.
func (s *Service) Restart(start Starter) error {
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer null.Close()
	before := inode(Door)
	cmd := exec.Command(Msgd, "--listen")
	cmd.Dir, cmd.Env = "/", []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, s.log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := start(cmd); err != nil {
		return err
	}
	s.PID = cmd.Process.Pid
	if err := cmd.Process.Release(); err != nil { // Kill waits for it
		return err
	}
	for until := time.Now().Add(startTime); inode(Door) == before; time.Sleep(time.Millisecond) {
		if pid, err := unix.Wait4(s.PID, nil, unix.WNOHANG, nil); pid == s.PID || err != nil {
			return fmt.Errorf("msgd has ended: %s", s.Log())
		}
		if time.Now().After(until) {
			return errors.Join(fmt.Errorf("msgd opens no door: %s", s.Log()), s.Kill())
		}
	}
	return nil
}

// inode returns a file's number, which no other has had on the island's /run; 0 if there is
// no file.
func inode(path string) uint64 {
	var st unix.Stat_t
	if unix.Lstat(path, &st) != nil {
		return 0
	}
	return st.Ino
}

// Kill kills the listener alone: conversations go on without it.
func (s *Service) Kill() error {
	if err := unix.Kill(s.PID, unix.SIGKILL); err != nil {
		return err
	}
	for {
		var status unix.WaitStatus
		_, err := unix.Wait4(s.PID, &status, 0, nil)
		switch {
		case errors.Is(err, unix.EINTR):
		case errors.Is(err, unix.ECHILD): // a thread that traced it has seen its end
			return nil
		case err != nil:
			return err
		case status.Exited() || status.Signaled():
			return nil
		}
	}
}

// Log returns what msgd has written to its standard error.
func (s *Service) Log() string {
	data, err := io.ReadAll(io.NewSectionReader(s.log, 0, 1<<20))
	if err != nil {
		return err.Error()
	}
	return string(data)
}

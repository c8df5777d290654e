//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"

	"msg/test/attacker/plan"

	"golang.org/x/sys/unix"
)

// connected connects to the door, in the process that the plan wants, and hands the connection
// over. That process stays as it is until talk returns.
func connected(p plan.Plan, talk func(conn int)) error {
	if !staged(p) {
		conn, err := connect(door)
		if err == nil {
			talk(conn)
		}
		return err
	}
	if p.Trace { // the thread that starts it is its tracer
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	mine, cmd, err := start(p)
	if err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		defer mine.Close()
		conn, err := handed(mine)
		if err == nil && (p.Orphan || p.Exec != nil) {
			_, err = mine.Read(make([]byte, 1)) // its end closes as it ends, or becomes another program
			if errors.Is(err, io.EOF) {
				err = nil
			}
		}
		if err == nil {
			talk(conn)
		}
		if p.Exec != nil {
			_ = cmd.Process.Kill()
		}
		done <- err
	}()
	if p.Trace {
		goOn(cmd.Process.Pid)
	}
	err = <-done
	_ = cmd.Wait()
	if text := cmd.Stderr.(fmt.Stringer).String(); err != nil && text != "" {
		err = errors.New(text)
	}
	return err
}

func staged(p plan.Plan) bool {
	return p.NoNewPrivs || p.Trace || p.UserNamespace || p.PIDNamespace || p.Setsid || p.OwnTerminal || p.Orphan || p.Exec != nil
}

// start starts the process that is to connect. It gets the other end of mine.
func start(p plan.Plan) (mine *os.File, cmd *exec.Cmd, err error) {
	p.Input = nil // too much for an argument
	spec, err := json.Marshal(p)
	if err != nil {
		return nil, nil, err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, nil, err
	}
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	defer theirs.Close()
	cmd = exec.Command("/proc/self/exe", "stage", string(spec))
	cmd.Stderr = new(lastWords)
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: p.Setsid}
	if p.UserNamespace || p.PIDNamespace {
		me := func(id int) []syscall.SysProcIDMap {
			return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
		}
		cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = me(os.Getuid()), me(os.Getgid())
	}
	if p.PIDNamespace {
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWPID
	}
	if _, err := cmd.StdinPipe(); err != nil { // a program that asks for a password waits for ever
		return nil, nil, err
	}
	return os.NewFile(uintptr(pair[0]), "mine"), cmd, cmd.Start()
}

// lastWords is what a process says on its standard error.
type lastWords struct{ text []byte }

func (w *lastWords) Write(p []byte) (int, error) {
	w.text = append(w.text, p...)
	return len(p), nil
}

func (w *lastWords) String() string { return string(w.text) }

// handed receives a descriptor.
func handed(from *os.File) (int, error) {
	control := make([]byte, unix.CmsgSpace(4))
	_, n, _, _, err := unix.Recvmsg(int(from.Fd()), make([]byte, 1), control, unix.MSG_CMSG_CLOEXEC)
	if err != nil {
		return -1, err
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		return -1, errors.Join(err, errors.New("no connection was handed over"))
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return -1, err
	}
	return fds[0], nil
}

// stage makes of this process what the plan says, connects, and hands the connection over.
func stage(spec string) error {
	runtime.LockOSThread()
	unix.CloseOnExec(3)
	var p plan.Plan
	if err := json.Unmarshal([]byte(spec), &p); err != nil {
		return err
	}
	for _, step := range []func(plan.Plan) error{terminal, rights} {
		if err := step(p); err != nil {
			return err
		}
	}
	conn, err := connect(door)
	if err != nil {
		return err
	}
	if err := unix.Sendmsg(3, []byte{0}, unix.UnixRights(conn), nil, 0); err != nil {
		return err
	}
	if p.Exec != nil {
		return syscall.Exec(p.Exec[0], p.Exec, os.Environ())
	}
	if p.Orphan {
		return nil
	}
	_, err = os.NewFile(3, "theirs").Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func terminal(p plan.Plan) error {
	if !p.OwnTerminal {
		return nil
	}
	_, err := lead(0) // it lives on in what this process becomes
	return err
}

// lead makes a new terminal that this process leads, and returns its number in /dev/pts. flags are
// more of open(2)'s for its master.
func lead(flags int) (number int, err error) {
	master, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|flags, 0)
	if err != nil {
		return 0, err
	}
	if number, err = unix.IoctlGetInt(master, unix.TIOCGPTN); err != nil {
		return 0, err
	}
	slave, err := openSlave(master, "/dev/pts/"+strconv.Itoa(number))
	if err != nil {
		return 0, err
	}
	return number, unix.IoctlSetInt(slave, unix.TIOCSCTTY, 0)
}

func openSlave(master int, path string) (int, error) {
	if err := unix.IoctlSetPointerInt(master, unix.TIOCSPTLCK, 0); err != nil {
		return -1, err
	}
	return unix.Open(path, unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC, 0)
}

func rights(p plan.Plan) error {
	if p.Trace {
		if _, _, errno := unix.RawSyscall(unix.SYS_PTRACE, unix.PTRACE_TRACEME, 0, 0); errno != 0 {
			return errno
		}
	}
	if p.NoNewPrivs {
		return unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
	}
	return nil
}

// goOn is the debugger that lets its process go on, whatever stops it, until it
// has ended.
func goOn(pid int) {
	for {
		var info unix.Siginfo
		if unix.Waitid(unix.P_PID, pid, &info, unix.WEXITED|unix.WSTOPPED|unix.WNOWAIT, nil) != nil || info.Code != 4 { // CLD_TRAPPED
			return
		}
		var status unix.WaitStatus
		if _, err := unix.Wait4(pid, &status, 0, nil); err != nil {
			return
		}
		signal := 0
		if status.Stopped() && status.StopSignal() != unix.SIGTRAP {
			signal = int(status.StopSignal())
		}
		_ = unix.PtraceCont(pid, signal)
	}
}

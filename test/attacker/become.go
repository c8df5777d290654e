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

// become sets the login uid, where nobody has set it yet, and has a process of the
// name of cron's carry out the plans.
func become(uid string) error {
	if err := os.WriteFile("/proc/self/loginuid", []byte(uid), 0); err != nil && !errors.Is(err, os.ErrNotExist) {
		fmt.Fprintln(os.Stderr, "loginuid:", err)
	}
	runtime.LockOSThread()
	// The name in /proc/PID/stat is the first thread's.
	if err := os.WriteFile("/proc/self/comm", []byte("cron"), 0); err != nil {
		return err
	}
	return play(false)
}

// pretend carries out one plan on a terminal with the number of somebody else's.
func pretend() error {
	var order struct {
		Plan   plan.Plan
		Number int // of the terminal
	}
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	if err := control(order.Number); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(carryOut(order.Plan))
}

// mimic is a process of that name in front of a terminal with the number of somebody
// else's, until its standard input ends; it runs a command there.
func mimic(number, name string, command []string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	runtime.LockOSThread()
	// The name in /proc/PID/stat is the first thread's.
	err = errors.Join(control(n), os.WriteFile("/proc/self/comm", []byte(name), 0))
	if err != nil {
		return err
	}
	if len(command) > 0 {
		here, err := os.OpenFile("/dev/tty", os.O_RDWR, 0)
		if err != nil {
			return err
		}
		cmd := exec.Command(command[0], command[1:]...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = here, here, here
		if err := cmd.Start(); err != nil {
			return err
		}
		defer func() { _ = cmd.Process.Kill() }()
	}
	fmt.Println("ready")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// control makes a pty of a user namespace's own, which has that number, the
// controlling terminal.
func control(number int) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	me := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	cmd := exec.Command("/proc/self/exe", "quiet")
	cmd.Env = append(os.Environ(), "NUMBER="+strconv.Itoa(number))
	cmd.Stderr = os.Stderr
	cmd.ExtraFiles = []*os.File{os.NewFile(uintptr(pair[1]), "socket")}
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: me(os.Getuid()), GidMappings: me(os.Getgid()),
	}
	if err := cmd.Run(); err != nil {
		return err
	}
	out := make([]byte, 64)
	_, n, _, _, err := unix.Recvmsg(pair[0], make([]byte, 1), out, 0)
	if err != nil {
		return err
	}
	messages, err := unix.ParseSocketControlMessage(out[:n])
	if err != nil {
		return err
	}
	fds, err := unix.ParseUnixRights(&messages[0])
	if err != nil {
		return err
	}
	if _, err := unix.Setsid(); err != nil && !errors.Is(err, unix.EPERM) {
		return err
	}
	return unix.IoctlSetInt(fds[1], unix.TIOCSCTTY, 0)
}

// quiet is the part of control in the namespaces: it makes terminals until it has
// one of the number, and hands it over.
func quiet() error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := unix.Mount("devpts", "/tmp", "devpts", 0, "newinstance,ptmxmode=666,mode=620"); err != nil {
		return err
	}
	number, _ := strconv.Atoi(os.Getenv("NUMBER"))
	for range number + 1 {
		master, err := unix.Open("/tmp/ptmx", unix.O_RDWR|unix.O_NOCTTY, 0)
		if err != nil {
			return err
		}
		have, err := unix.IoctlGetInt(master, unix.TIOCGPTN)
		if err != nil {
			return err
		}
		if have != number {
			continue
		}
		slave, err := openSlave(master, "/tmp/"+strconv.Itoa(have))
		if err != nil {
			return err
		}
		return unix.Sendmsg(3, []byte{0}, unix.UnixRights(master, slave), nil, 0)
	}
	return errors.New("no terminal of that number")
}

//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"fmt"
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
func become(uid string, _ []string) error {
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

// pretend makes a pty of a user namespace's own, which has the number of somebody
// else's, its controlling terminal, and carries out one plan.
func pretend() error {
	var order struct {
		Plan   plan.Plan
		Number int // of the terminal
	}
	if err := json.NewDecoder(os.Stdin).Decode(&order); err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return err
	}
	me := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: 0, HostID: id, Size: 1}}
	}
	cmd := exec.Command("/proc/self/exe", "quiet")
	cmd.Env = append(os.Environ(), "NUMBER="+strconv.Itoa(order.Number))
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
	if err := unix.IoctlSetInt(fds[1], unix.TIOCSCTTY, 0); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(carryOut(order.Plan))
}

// quiet is the part of pretend in the namespaces: it makes terminals until it has
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

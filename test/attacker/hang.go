//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"syscall"
	"time"
	"unsafe"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"

	"msg/test/fuse"
)

// hang has N terminals, each led by a process of its own, and says when these hang. Of each, there
// hangs
//
//   - the terminal: one thread writes to it what never comes, and keeps its line discipline;
//     another waits for that with the terminal's lock
//   - the memory: the leader, which calls itself a tmux client, has its memory locked for a
//     page that is never written to its file
//
// A file system of the attacker's own has that page. It all ends with standard input.
func hang(what, number string) error {
	n, err := strconv.Atoi(number)
	if err != nil {
		return err
	}
	runtime.LockOSThread() // whose end the children hear of
	var slaves []*os.File
	for range n {
		_, slave, err := pty.Open()
		if err != nil {
			return err
		}
		if err := slave.Chmod(0o620); err != nil { // she takes messages there
			return err
		}
		slaves = append(slaves, slave)
	}
	dir, err := os.MkdirTemp("", "hang")
	if err != nil {
		return err
	}
	defer os.Remove(dir)
	own := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	cmd := exec.Command("/proc/self/exe", "mounted", what, dir)
	cmd.ExtraFiles, cmd.Stdin, cmd.Stdout, cmd.Stderr = slaves, os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  unix.CLONE_NEWUSER | unix.CLONE_NEWNS,
		UidMappings: own(os.Getuid()), GidMappings: own(os.Getgid()), Pdeathsig: unix.SIGKILL,
		AmbientCaps: []uintptr{unix.CAP_SYS_ADMIN}, // in that user namespace, for mount(2)
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	for _, slave := range slaves {
		_ = slave.Close() // else this process would hang at its end, too
	}
	return cmd.Wait()
}

// mounted is the process that has the file system. Terminals come from descriptor 3 on.
func mounted(what, dir string) error {
	runtime.LockOSThread()
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("mounts: %w", err)
	}
	file, err := fuse.Mount(dir, what == "memory")
	if err != nil {
		return err
	}
	var leaders []*exec.Cmd
	for fd := 3; ; fd++ {
		name, err := os.Readlink(fmt.Sprint("/proc/self/fd/", fd))
		if err != nil || len(name) < len("/dev/pts/") || name[:9] != "/dev/pts/" {
			break
		}
		slave := os.NewFile(uintptr(fd), name)
		cmd := exec.Command("/proc/self/exe", "hangs", what, file+strconv.Itoa(fd))
		cmd.Stdin, cmd.Stderr = slave, os.Stderr
		cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true, Pdeathsig: unix.SIGKILL}
		ready, err := cmd.StdoutPipe()
		if err != nil {
			return err
		}
		if err := cmd.Start(); err != nil {
			return err
		}
		leaders = append(leaders, cmd)
		_ = slave.Close()
		if _, err := ready.Read(make([]byte, 1)); err != nil {
			return fmt.Errorf("%s: it does not begin: %w", name, err)
		}
	}
	time.Sleep(time.Second) // until all hang
	fmt.Println(len(leaders), "hang")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// hangs is the process that leads the terminal on its standard input.
func hangs(what, path string) error {
	if what == "memory" {
		return hangMemory(path)
	}
	return fuse.HoldTerminal(0, path, func() { fmt.Println() })
}

// hangMemory has a page unmapped that is to be written to its file first. The kernel has the memory
// locked meanwhile.
func hangMemory(path string) error {
	fd, err := unix.Open(path, unix.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := os.WriteFile("/proc/self/comm", []byte("tmux: client"), 0); err != nil {
		return err
	}
	page, err := unix.Mmap(fd, 0, fuse.Size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return err
	}
	page[0] = 1
	fmt.Println()
	_, _, errno := unix.Syscall6(unix.SYS_MMAP, uintptr(unsafe.Pointer(&page[0])), fuse.Size,
		unix.PROT_READ, unix.MAP_PRIVATE|unix.MAP_ANONYMOUS|unix.MAP_FIXED, ^uintptr(0), 0)
	return errors.Join(errors.New("the memory does not hang"), errno)
}

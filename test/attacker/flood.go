//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"
)

// flood opens connections to a socket for some seconds, so many a second or, with 0, as many as
// it can. It keeps a program that listens there busy in all ways: it goes away at once, says
// nothing, says nonsense a byte at a time, answers what was not asked. It prints how many
// connections it has had.
func flood(path, seconds, perSecond string) error {
	n, err := strconv.Atoi(seconds)
	if err != nil {
		return err
	}
	rate, err := strconv.Atoi(perSecond)
	if err != nil {
		return err
	}
	end := time.Now().Add(time.Duration(n) * time.Second)
	var opened atomic.Int64
	var all sync.WaitGroup
	turn := func() {}
	if rate > 0 {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		turn = func() { <-tick.C }
	}
	for _, way := range []func(fd int){
		func(int) {},
		func(int) { time.Sleep(time.Second) },
		func(fd int) {
			for range 40 {
				if _, err := unix.Write(fd, []byte("x")); err != nil {
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		},
		func(fd int) { _, _ = unix.Write(fd, []byte(`{"want":"ok"}`+"\n")) },
		func(fd int) { _, _ = unix.Write(fd, make([]byte, 64<<10)) },
	} {
		for range 20 {
			all.Go(func() {
				for time.Now().Before(end) {
					turn()
					if fd, err := connect(path); err == nil {
						opened.Add(1)
						way(fd)
						_ = unix.Close(fd)
					}
				}
			})
		}
	}
	all.Wait()
	_, err = fmt.Fprintln(os.Stdout, opened.Load())
	return err
}

// connect waits in the queue, as who answers does.
func connect(path string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	wait := unix.Timeval{Sec: 1}
	err = errors.Join(unix.SetsockoptTimeval(fd, unix.SOL_SOCKET, unix.SO_SNDTIMEO, &wait),
		unix.Connect(fd, &unix.SockaddrUnix{Name: path}))
	if err != nil {
		_ = unix.Close(fd)
	}
	return fd, err
}

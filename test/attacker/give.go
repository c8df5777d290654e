//go:build linux

package main

import (
	"encoding/json"
	"errors"
	"io"
	"os"

	"msg/test/attacker/plan"

	"golang.org/x/sys/unix"
)

// give connects to the door, and gives the connection to the process that takes at path. It stays
// until that has done with it.
func give(path string) error {
	conn, err := connect(door)
	if err != nil {
		return err
	}
	to, err := connect(path)
	if err != nil {
		return err
	}
	if err := unix.Sendmsg(to, []byte{0}, unix.UnixRights(conn), nil, 0); err != nil {
		return err
	}
	_, err = os.NewFile(uintptr(to), path).Read(make([]byte, 1))
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// take carries out a plan on the connection that it is given at path.
func take(path string) error {
	var p plan.Plan
	if err := json.NewDecoder(os.Stdin).Decode(&p); err != nil {
		return err
	}
	listening, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	err = errors.Join(unix.Bind(listening, &unix.SockaddrUnix{Name: path}), os.Chmod(path, 0o666), unix.Listen(listening, 1))
	if err != nil {
		return err
	}
	defer os.Remove(path)
	fd, _, err := unix.Accept(listening)
	if err != nil {
		return err
	}
	from := os.NewFile(uintptr(fd), path)
	defer from.Close()
	conn, err := handed(from)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(converse(p, conn))
}

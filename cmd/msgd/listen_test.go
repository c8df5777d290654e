//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestPollable: msgd ends by itself when systemd has handed it a socket that blocks.
func TestPollable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "door")
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 1); err != nil {
		t.Fatal(err)
	}
	door, err := pollable(os.NewFile(uintptr(fd), path))
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	if err := door.SetReadDeadline(time.Now().Add(10 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if _, err := accept(door); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("nobody connects: %v", err)
	}
	client, err := net.Dial("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if err := door.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	conn, err := accept(door)
	if err != nil {
		t.Fatal(err)
	}
	_ = unix.Close(conn)
}

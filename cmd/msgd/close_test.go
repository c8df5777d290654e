//go:build linux

package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lingering returns a TCP connection whose close takes a minute: nobody reads its other end.
func lingering(t *testing.T) *os.File {
	t.Helper()
	listening, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listening.Close() })
	conn, err := net.Dial("tcp", listening.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	other, err := listening.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = other.Close() })
	file, err := conn.(*net.TCPConn).File()
	if err != nil {
		t.Fatal(err)
	}
	_ = conn.Close()
	fd := int(file.Fd())
	if err := errors.Join(unix.SetNonblock(fd, true), unix.SetsockoptLinger(fd, unix.SOL_SOCKET, unix.SO_LINGER, &unix.Linger{Onoff: 1, Linger: 60})); err != nil {
		t.Fatal(err)
	}
	for full := make([]byte, 64<<10); ; {
		if _, err := unix.Write(fd, full); err != nil {
			break
		}
	}
	return file
}

// full has a listener that refuses this process's conversations.
func full(t *testing.T, fd int, path string) *listener {
	t.Helper()
	l := newListener(os.NewFile(uintptr(fd), path), account{msgUID, msgUID}, 0)
	for range mostOfOne {
		if refusal := l.places.enter(root, time.Now()); refusal != nil {
			t.Fatal(refusal)
		}
	}
	return l
}

// refused connects, and waits for the listener's word.
func refused(t *testing.T, path string) {
	t.Helper()
	conn, err := net.DialTimeout("unix", path, patience)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetReadDeadline(time.Now().Add(patience))
	line := make([]byte, 1000)
	n, err := conn.Read(line)
	if said := string(line[:n]); err != nil || !strings.Contains(said, "messages open here already") {
		t.Fatalf("it says %q, %v", said, err)
	}
}

// TestCloseLingers: descriptors that a client has sent along do not hold up the next, whether the
// connection came before the listener could forbid them or the kernel cannot forbid them.
func TestCloseLingers(t *testing.T) {
	asRoot(t)
	for name, allow := range map[string]bool{"before": false, "always": true} {
		t.Run(name, func(t *testing.T) {
			fd, path := newDoor(t)
			if err := unix.SetNonblock(fd, true); err != nil {
				t.Fatal(err)
			}
			duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
			if err != nil {
				t.Fatal(err)
			}
			send := func() {
				for range 3 {
					file := lingering(t)
					conn, err := net.Dial("unix", path)
					if err != nil {
						t.Fatal(err)
					}
					if _, _, err := conn.(*net.UnixConn).WriteMsgUnix([]byte("x"), unix.UnixRights(int(file.Fd())), nil); err != nil {
						t.Fatal(err)
					}
					_, _ = file.Close(), conn.Close()
				}
			}
			if !allow {
				send()
			}
			l := full(t, duplicate, path)
			if allow {
				if err := unix.SetsockoptInt(fd, unix.SOL_SOCKET, soPassRights, 1); err != nil && !errors.Is(err, unix.ENOPROTOOPT) {
					t.Fatal(err)
				}
				send()
			}
			served := make(chan error, 1)
			go func() { served <- l.serve() }()
			began := time.Now()
			refused(t, path)
			if took := time.Since(began); took > 2*time.Second {
				t.Errorf("the next waits for %v", took)
			}
			eventually(t, "all are closed", func() bool { return len(l.closing) == 0 })
			_ = l.door.Close()
			select {
			case <-served:
			case <-time.After(patience):
				t.Error("it stays without a door")
			}
		})
	}
}

package peer_test

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/peer"
)

// TestOf: the kernel tells who connected, also when that process is gone.
func TestOf(t *testing.T) {
	path := t.TempDir() + "/door"
	listening, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(listening)
	if err := unix.Bind(listening, &unix.SockaddrUnix{Name: path}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(listening, 1); err != nil {
		t.Fatal(err)
	}
	client := exec.Command("/proc/self/exe")
	client.Env = []string{"MSG_TEST_CONNECT=" + path}
	want := []uint32{7, 8}
	if os.Getuid() == 0 {
		for gid := uint32(1000); gid < 1040; gid++ { // more than there is room for at first
			want = append(want, gid)
		}
		client.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 0, Gid: 5, Groups: want}}
	}
	stdin, err := client.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Start(); err != nil {
		t.Fatal(err)
	}
	fd, _, err := unix.Accept(listening)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	who, err := peer.Of(fd)
	if err != nil {
		t.Fatal(err)
	}
	defer who.Close()
	if who.UID != uint32(os.Getuid()) || who.PID != client.Process.Pid || !who.Lives() {
		t.Errorf("%+v, lives %v; want pid %d", who, who.Lives(), client.Process.Pid)
	}
	if os.Getuid() == 0 && (!slices.Equal(who.Groups, want) || who.GID != 5) {
		t.Errorf("gid %d, groups %v; want 5, %v", who.GID, who.Groups, want)
	}
	_ = stdin.Close()
	if err := client.Wait(); err != nil {
		t.Fatal(err)
	}
	for until := time.Now().Add(10 * time.Second); who.Lives(); time.Sleep(time.Millisecond) {
		if time.Now().After(until) {
			t.Fatal("a process that has ended lives")
		}
	}
}

// TestGone: a process that was gone before the question does not live. Another may have its
// number by now.
func TestGone(t *testing.T) {
	path := t.TempDir() + "/door"
	listening, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer listening.Close()
	client := exec.Command("/proc/self/exe")
	client.Env = []string{"MSG_TEST_CONNECT=" + path}
	if err := client.Run(); err != nil {
		t.Fatal(err)
	}
	conn, err := listening.(*net.UnixListener).AcceptUnix()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		who, err := peer.Of(int(fd))
		if err != nil {
			t.Error(err)
			return
		}
		defer who.Close()
		_, err = unix.GetsockoptInt(int(fd), unix.SOL_SOCKET, 77) // SO_PEERPIDFD
		if errors.Is(err, unix.ENOPROTOOPT) {
			return // before Linux 6.5, nothing tells
		}
		if who.PID != client.Process.Pid || who.Lives() {
			t.Errorf("%+v lives: %v", who, who.Lives())
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestMain lets the test binary be the client.
func TestMain(m *testing.M) {
	path := os.Getenv("MSG_TEST_CONNECT")
	if path == "" {
		os.Exit(m.Run())
	}
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err == nil {
		err = unix.Connect(fd, &unix.SockaddrUnix{Name: path})
	}
	if err != nil {
		os.Exit(1)
	}
	_, _ = os.Stdin.Read(make([]byte, 1))
}

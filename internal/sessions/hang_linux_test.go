package sessions_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/device"
	"msg/internal/sessions"
	"msg/internal/tty/hangtest"
)

func TestMain(m *testing.M) {
	hangtest.Main()
	if mounts, ok := os.LookupEnv(seeEnv); ok {
		if err := see(mounts); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// inTime is how long something may take that waits for no terminal, on a loaded machine.
const inTime = 20 * time.Second

// TestReadHangs: to find out who is where opens no terminal and no console, so one that hangs
// holds up nobody.
func TestReadHangs(t *testing.T) {
	path, number := hangtest.Terminal(t, os.Getuid())
	system := local()
	system.Dev = t.TempDir()
	name := device.Name(number)
	for _, as := range []string{name, "tty7"} {
		at := filepath.Join(system.Dev, as)
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(at, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := unix.Mount(path, at, "", unix.MS_BIND, ""); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := unix.Unmount(at, unix.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	seen := make(chan sessions.Picture, 1)
	go func() {
		p, err := system.Read(context.Background())
		if err != nil {
			t.Error(err)
		}
		seen <- p
	}()
	select {
	case p := <-seen:
		for _, as := range []string{name, "tty7"} {
			if got := find(t, p, as); !got.InUse() || got.Device != number {
				t.Errorf("%+v", got)
			}
		}
	case <-time.After(inTime):
		t.Fatal("it waits for a terminal")
	}
}

// TestMyselfHangs: a controlling terminal that hangs is not waited for.
func TestMyselfHangs(t *testing.T) {
	path, number := hangtest.Terminal(t, os.Getuid())
	done := make(chan bool, 1)
	go func() { done <- sessions.Controls(filepath.Dir(filepath.Dir(path)), number) }()
	select {
	case controls := <-done:
		if controls {
			t.Error("it is another process's terminal")
		}
	case <-time.After(inTime):
		t.Fatal("it waits for the terminal " + strconv.FormatUint(number, 10))
	}
}

package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"msg/internal/sessions"
	"msg/internal/tty/ttytest"
)

// seeEnv has a process of the test tell what it sees; its value is what it mounts first.
const seeEnv = "SESSIONS_TEST_SEE"

// sight is what such a process sees.
type sight struct {
	Confined string
	Picture  sessions.Picture
}

// see is that process.
func see(mounts string) error {
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return err
	}
	if strings.Contains(mounts, "proc") {
		if err := unix.Mount("proc", "/proc", "proc", 0, ""); err != nil {
			return fmt.Errorf("/proc: %w", err)
		}
	}
	if strings.Contains(mounts, "none") {
		if err := unix.Mount("tmpfs", "/proc", "tmpfs", 0, ""); err != nil {
			return fmt.Errorf("/proc: %w", err)
		}
	}
	if strings.Contains(mounts, "pts") {
		if err := unix.Mount("devpts", "/dev/pts", "devpts", 0, "newinstance,ptmxmode=666"); err != nil {
			return fmt.Errorf("/dev/pts: %w", err)
		}
	}
	system := local()
	p, err := system.Read(context.Background())
	if err != nil {
		return err
	}
	p.Problems = nil // errors are not for JSON
	return json.NewEncoder(os.Stdout).Encode(sight{Confined: system.Confined(), Picture: p})
}

// seen has such a process run in namespaces of its own.
func seen(t *testing.T, namespaces uintptr, mounts string) sight {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = []string{seeEnv + "=" + mounts}
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: namespaces}
	if namespaces&syscall.CLONE_NEWUSER != 0 {
		id := func(outside int) []syscall.SysProcIDMap { return []syscall.SysProcIDMap{{HostID: outside, Size: 1}} }
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = id(0), id(0)
	}
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if namespaces&syscall.CLONE_NEWUSER != 0 && (errors.Is(err, unix.EPERM) || errors.Is(err, unix.ENOSPC)) {
		t.Skip("this machine lets nobody make user namespaces (user.max_user_namespaces), so nothing is hidden by one: ", err)
	}
	var s sight
	if err == nil {
		err = json.Unmarshal(out, &s)
	}
	if err != nil {
		t.Fatalf("%v: %s%s", err, out, &errs)
	}
	return s
}

// someUID is of nobody who has other terminals here.
const someUID = 41001

// TestConfined: a process in a namespace knows that it can't see who is on the host's terminals,
// and which ones these are. One with terminals of its own is on a host of its own.
func TestConfined(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root has terminals that a namespace hides")
	}
	led, idle := ttytest.Open(t), ttytest.Open(t)
	led.Lead(t, "sleep", "1000")
	for _, one := range []*ttytest.Terminal{led, idle} {
		if err := one.Slave.Chown(someUID, -1); err != nil {
			t.Fatal(err)
		}
	}
	const user, processes = syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, syscall.CLONE_NEWPID | syscall.CLONE_NEWNS
	type want struct{ inUse, anonymous, unled bool }
	for name, c := range map[string]struct {
		namespaces uintptr
		mounts     string
		confined   string
		led, idle  want
		missed     bool
	}{
		"none":                       {syscall.CLONE_NEWNS, "", "", want{true, false, false}, want{}, false},
		"user":                       {user, "", "user namespace", want{true, true, false}, want{false, true, false}, true},
		"user and processes":         {user | processes, "proc", "user namespace", want{false, true, true}, want{false, true, true}, true},
		"processes":                  {processes, "proc", "process namespace", want{false, false, true}, want{false, false, true}, true},
		"processes, the host's proc": {processes, "", "", want{true, false, false}, want{}, false},
		"no proc":                    {syscall.CLONE_NEWNS, "none", "", want{true, false, true}, want{true, false, true}, false},
		"a container":                {processes, "proc pts", "", want{}, want{}, false},
		"a rootless container":       {user | processes, "proc pts", "", want{}, want{}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := seen(t, c.namespaces, c.mounts)
			confined := s.Confined
			if c.confined == "" && slices.ContainsFunc(s.Picture.Terminals, ownedByOther) {
				confined = "" // this machine has such terminals, such as consoles: that is no real container
			}
			if (confined == "") != (c.confined == "") || !strings.Contains(confined, c.confined) {
				t.Errorf("confined by %q, want %q", s.Confined, c.confined)
			}
			if strings.Contains(c.mounts, "pts") {
				if s.Picture.Find(led.Name) != nil {
					t.Error("it has this test's terminals")
				}
				return
			}
			for terminal, want := range map[string]want{led.Name: c.led, idle.Name: c.idle} {
				got := find(t, s.Picture, terminal)
				if got.InUse() != want.inUse || got.Anonymous != want.anonymous || got.Unled != want.unled {
					t.Errorf("%s: %+v, want %+v", terminal, got, want)
				}
			}
			people, _ := s.Picture.Missed(func(t *sessions.Terminal) bool { return t.Name == led.Name })
			if people != c.missed || c.missed && s.Picture.Blind == "" {
				t.Errorf("missed %v (%q), want %v", people, s.Picture.Blind, c.missed)
			}
		})
	}
}

// ownedByOther reports whether a terminal's owner is the one who stands for others in a user
// namespace.
func ownedByOther(t sessions.Terminal) bool { return t.Owner == 65534 }

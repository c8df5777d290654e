//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"msg/internal/wire"
)

// alone starts "msgd --listen", and waits for its door.
func alone(t *testing.T, args ...string) *daemonProcess {
	t.Helper()
	d := launch(t, exec.Command(installed, append([]string{"--listen"}, args...)...))
	t.Cleanup(func() { _ = os.Remove(wire.Door) })
	awaitDoor(t)
	return d
}

func awaitDoor(t *testing.T) {
	t.Helper()
	eventually(t, "somebody is behind the door", func() bool {
		fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		return unix.Connect(fd, &unix.SockaddrUnix{Name: wire.Door}) == nil
	})
}

func greeted(t *testing.T, uid uint32) *client {
	t.Helper()
	c := connectAs(t, uid, wire.Door)
	if hello := c.next(t); !strings.HasPrefix(hello, `{"event":"hello",`) {
		t.Fatalf("uid %d is told %q", uid, hello)
	}
	return c
}

// TestListen: msgd makes its directories and its door, keeps only the rights that it needs, and
// delivers.
func TestListen(t *testing.T) {
	asRoot(t)
	if err := errors.Join(os.RemoveAll("/run/msg"), os.RemoveAll("/var/lib/msg")); err != nil {
		t.Fatal(err)
	}
	d := alone(t)
	for path, want := range map[string]struct{ mode, uid, gid uint32 }{
		"/run/msg": {0o40755, 0, 0}, "/run/msg/rate": {0o40700, msgUID, msgUID}, "/run/msg/pending": {0o41775, 0, msgUID},
		"/var/lib/msg": {0o40700, msgUID, msgUID}, wire.Door: {0o140666, 0, 0}, lockPath: {0o100600, 0, 0},
	} {
		var st unix.Stat_t
		if err := unix.Lstat(path, &st); err != nil || st.Mode != want.mode || st.Uid != want.uid || st.Gid != want.gid {
			t.Errorf("%s: %o %d:%d, %v", path, st.Mode, st.Uid, st.Gid, err)
		}
	}
	c := greeted(t, aliceUID)
	const three = "00000000000000c2" // CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID
	var children map[string][]int
	eventually(t, "there are alice's judge and monitor alone", func() bool { // awaitDoor's have ended
		children = childrenOf(t, d.cmd.Process.Pid)
		return len(children["msgd-monitor"]) == 1 && len(children["msgd-judge"]) == 1
	})
	for _, pid := range append(children["msgd-monitor"], d.cmd.Process.Pid) {
		says := statusOf(t, pid)
		if says["CapEff"] != three || says["CapPrm"] != three || says["CapBnd"] != three || says["CapInh"] != strings.Repeat("0", 16) || says["NoNewPrivs"] != "1" {
			t.Errorf("process %d: %v", pid, says)
		}
	}
	for _, pid := range children["msgd-judge"] {
		harmless(t, pid)
		if says := statusOf(t, pid); says["CapBnd"] != three || says["NoNewPrivs"] != "1" {
			t.Errorf("the judge: %v", says)
		}
	}
	term := terminalOf(t, bobUID, 0o600)
	term.Lead(t, "sleep", "1000")
	c.say(t, toBob)
	if said := c.next(t); !strings.Contains(said, `"event":"delivered"`) {
		t.Errorf("it says %s", said)
	}
	term.Await(t, "hello")
}

// TestListenTwice: a second msgd takes nothing away, and after the first has been killed the
// next takes over what it left.
func TestListenTwice(t *testing.T) {
	asRoot(t)
	first := alone(t)
	second := launch(t, exec.Command(installed, "--listen"))
	if said := second.awaitEnd(t); !strings.Contains(said, "another msgd listens already") || second.cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%q, %v", said, second.cmd.ProcessState)
	}
	greeted(t, aliceUID)
	waits := greeted(t, bobUID) // a conversation that outlives its listener holds no lock
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the lock is free", func() bool {
		unlock, err := lock()
		if err == nil {
			unlock()
		}
		return err == nil
	})
	if err := os.WriteFile(wire.Door+".new", nil, 0o600); err != nil { // of one that was killed
		t.Fatal(err)
	}
	alone(t)
	greeted(t, aliceUID)
	waits.say(t, "\n")
	if said := waits.next(t); !strings.Contains(said, "not a request") {
		t.Errorf("it says %s", said)
	}
}

// TestListenBesideSystemd: it does not take a door that systemd has opened.
func TestListenBesideSystemd(t *testing.T) {
	asRoot(t)
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = unix.Close(fd), os.Remove(wire.Door) })
	_ = os.Remove(wire.Door)
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrUnix{Name: wire.Door}), unix.Listen(fd, 10)); err != nil {
		t.Fatal(err)
	}
	d := launch(t, exec.Command(installed, "--listen"))
	if said := d.awaitEnd(t); !strings.Contains(said, "another program listens already") {
		t.Errorf("it says %q", said)
	}
	if left, err := os.ReadDir("/run/msg"); err != nil || strings.Contains(fmt.Sprint(left), ".new") {
		t.Errorf("it leaves %v, %v", left, err)
	}
}

// TestListenGroup: with a group, its members and root are let in, and nobody else.
func TestListenGroup(t *testing.T) {
	asRoot(t)
	alone(t, "--group", "alice")
	var st unix.Stat_t
	if err := unix.Lstat(wire.Door, &st); err != nil || st.Mode != 0o140660 || st.Uid != 0 || st.Gid != aliceUID {
		t.Errorf("the door is %o %d:%d, %v", st.Mode, st.Uid, st.Gid, err)
	}
	greeted(t, aliceUID)
	greeted(t, 0)
	cmd := exec.Command("setpriv", "--reuid", strconv.Itoa(bobUID), "--regid", strconv.Itoa(bobUID), "--clear-groups", testCopy, wire.Door)
	cmd.Env = []string{partEnv + "=connect"}
	if out, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(out), "permission denied") {
		t.Errorf("bob is told %q, %v", out, err)
	}
	d := launch(t, exec.Command(installed, "--listen", "--group", "no-such-group"))
	if said := d.awaitEnd(t); !strings.Contains(said, `group "no-such-group"`) {
		t.Errorf("it says %q", said)
	}
}

// TestListenLog: it outlives the program that its log goes to.
func TestListenLog(t *testing.T) {
	asRoot(t)
	read, written, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(installed, "--listen")
	cmd.Stderr = written
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-ended
		_ = os.Remove(wire.Door)
	})
	_ = written.Close()
	_ = read.Close()
	awaitDoor(t)
	greeted(t, aliceUID)
	judges := childrenOf(t, cmd.Process.Pid)["msgd-judge"]
	if len(judges) == 0 {
		t.Fatal("there is no judge")
	}
	if err := unix.Kill(judges[0], unix.SIGKILL); err != nil { // which it logs
		t.Fatal(err)
	}
	eventually(t, "the judge has gone", func() bool {
		select {
		case <-ended:
			t.Fatalf("it has ended: %v", cmd.ProcessState)
		default:
		}
		return len(childrenOf(t, cmd.Process.Pid)) == 0
	})
	greeted(t, aliceUID)
}

// TestListenHidepid: /proc shows processes only to their owners and to one group. The judge and the
// monitor find the sender's process all the same: root overrides a no, and a user does not.
func TestListenHidepid(t *testing.T) {
	asRoot(t)
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_REMOUNT, "hidepid=2,gid=4242"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Mount("proc", "/proc", "proc", unix.MS_REMOUNT, "hidepid=0,gid=0"); err != nil {
			t.Error(err)
		}
	})
	term := terminalOf(t, bobUID, 0o1600)
	term.Lead(t, "sleep", "1000")
	alone(t)
	c := greeted(t, aliceUID)
	c.say(t, toBob)
	if said := c.next(t); !strings.Contains(said, `"reason":"messages-off"`) {
		t.Errorf("alice is told %s", said)
	}
	c = greeted(t, 0)
	c.say(t, toBob)
	if said := c.next(t); !strings.Contains(said, `"event":"delivered"`) {
		t.Errorf("root is told %s", said)
	}
}

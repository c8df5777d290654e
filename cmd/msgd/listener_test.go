//go:build linux

package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/wire"
)

// daemonProcess is a listener.
type daemonProcess struct {
	cmd   *exec.Cmd
	said  *strings.Builder
	ended chan struct{}
}

// launch starts a listener, and ends it with the test.
func launch(t *testing.T, cmd *exec.Cmd) *daemonProcess {
	t.Helper()
	d := &daemonProcess{cmd: cmd, said: &strings.Builder{}, ended: make(chan struct{})}
	said := d.said
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.ended)
		buf := make([]byte, 4096)
		for n, err := stderr.Read(buf); err == nil; n, err = stderr.Read(buf) {
			said.Write(buf[:n])
		}
		_ = cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		d.awaitEnd(t)
	})
	return d
}

// awaitEnd returns what the listener, and what it has started, has said.
func (d *daemonProcess) awaitEnd(t *testing.T) string {
	t.Helper()
	select {
	case <-d.ended:
		return d.said.String()
	case <-time.After(patience):
		t.Fatal("the listener stays")
		return ""
	}
}

// activated starts a listener as systemd does: with the door as descriptor 3. It also has one
// descriptor that nobody closes when it starts a program.
func activated(t *testing.T) (d *daemonProcess, path string) {
	t.Helper()
	fd, path := newDoor(t)
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	door := os.NewFile(uintptr(duplicate), path)
	defer door.Close()
	cmd := exec.Command("sh", "-c", "exec 9</dev/zero; LISTEN_PID=$$ LISTEN_FDS=1 SECRET=1 exec "+installed)
	cmd.ExtraFiles = []*os.File{door}
	return launch(t, cmd), path
}

// childrenOf returns the pids of a process's children, by what they call themselves.
func childrenOf(t *testing.T, pid int) map[string][]int {
	t.Helper()
	all := map[string][]int{}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range stats {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // it has gone
		}
		before, behind, _ := strings.Cut(string(data), ") ")
		number, name, _ := strings.Cut(before, " (")
		fields := strings.Fields(behind)
		if child, err := strconv.Atoi(number); err == nil && len(fields) > 1 && fields[1] == strconv.Itoa(pid) && fields[0] != "Z" {
			all[name] = append(all[name], child)
		}
	}
	return all
}

const toBob = `{"protocol":3,"targets":["bob"],"text":"aGVsbG8="}` + "\n"

// TestActivation: a message goes through, by processes that have nothing of the listener's.
func TestActivation(t *testing.T) {
	asRoot(t)
	term := terminalOf(t, bobUID, 0o620)
	term.Lead(t, "sleep", "1000")
	d, path := activated(t)
	c := connectAs(t, aliceUID, path)
	if hello := c.next(t); !strings.HasPrefix(hello, `{"event":"hello",`) {
		t.Fatalf("the hello is %s", hello)
	}
	children := childrenOf(t, d.cmd.Process.Pid)
	if len(children["msgd-judge"]) != 1 || len(children["msgd-monitor"]) != 1 || len(children) != 2 {
		t.Fatalf("it has started %v", children)
	}
	harmless(t, children["msgd-judge"][0])
	for _, pids := range children {
		ownDescriptors(t, pids[0])
		if environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pids[0])); err != nil || len(environ) > 0 {
			t.Errorf("its environment is %q, %v", environ, err)
		}
	}
	c.say(t, toBob)
	if said := c.next(t); !strings.Contains(said, `"event":"delivered"`) {
		t.Errorf("it says %s", said)
	}
	term.Await(t, "hello")
	if said := c.next(t); said != `{"event":"end","results":1}` {
		t.Errorf("it ends with %s", said)
	}
	eventually(t, "the conversation is over", func() bool { return len(childrenOf(t, d.cmd.Process.Pid)) == 0 })
	if d.said.Len() > 0 {
		t.Errorf("it has said %q", d.said)
	}
}

// TestTermination: SIGTERM ends the listener, and no conversation.
func TestTermination(t *testing.T) {
	asRoot(t)
	term := terminalOf(t, bobUID, 0o620)
	term.Lead(t, "sleep", "1000")
	d, path := activated(t)
	c := connectAs(t, aliceUID, path)
	c.next(t) // the hello
	if err := d.cmd.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the listener has ended", func() bool {
		_, err := os.Stat(fmt.Sprintf("/proc/%d/exe", d.cmd.Process.Pid))
		return err != nil
	})
	c.say(t, toBob)
	if said := c.next(t); !strings.Contains(said, `"event":"delivered"`) {
		t.Errorf("it says %s", said)
	}
	term.Await(t, "hello")
}

// TestRefusals: a user with too many conversations is told so, in the listener's words, and
// others are not.
func TestRefusals(t *testing.T) {
	asRoot(t)
	_, path := activated(t)
	for range mostOfOne {
		if hello := connectAs(t, aliceUID, path).next(t); !strings.HasPrefix(hello, `{"event":"hello",`) {
			t.Fatalf("it says %s", hello)
		}
	}
	c := connectAs(t, aliceUID, path)
	if said := c.next(t); !strings.Contains(said, `"event":"error"`) || !strings.Contains(said, fmt.Sprintf("you have %d messages open here already", mostOfOne)) {
		t.Errorf("it says %s", said)
	}
	_ = c.stdin.Close()
	select {
	case <-c.gone:
	case <-time.After(patience):
		t.Error("a connection that is refused stays open")
	}
	if hello := connectAs(t, bobUID, path).next(t); !strings.HasPrefix(hello, `{"event":"hello",`) {
		t.Errorf("bob is told %s", hello)
	}
}

// TestBusy: a user who begins conversations too fast is told to come again, and then may.
func TestBusy(t *testing.T) {
	asRoot(t)
	fd, path := newDoor(t)
	l := serveHere(t, fd, path, 0)
	l.mu.Lock()
	spent := l.places.bucket(aliceUID)
	spent.Fill(time.Now())
	spent.Spend(starts.Burst + 2*starts.PerSecond) // what a flood does
	l.mu.Unlock()
	var end wire.Ending
	if err := wire.Decode([]byte(connectAs(t, aliceUID, path).next(t)), &end); err != nil || end.Event != wire.EventBusy {
		t.Errorf("it says %+v, %v", end, err)
	}
	eventually(t, "it is let in again", func() bool {
		return strings.HasPrefix(connectAs(t, aliceUID, path).next(t), `{"event":"hello",`)
	})
}

// serveHere has a listener in the test's process, until the test ends. It starts the installed
// program (TestMain).
func serveHere(t *testing.T, fd int, path string, idle time.Duration) *listener {
	t.Helper()
	duplicate, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err == nil {
		err = unix.SetNonblock(duplicate, true)
	}
	if err != nil {
		t.Fatal(err)
	}
	l := newListener(os.NewFile(uintptr(duplicate), path), account{msgUID, msgUID}, idle)
	served := make(chan error, 1)
	go func() { served <- l.serve() }()
	t.Cleanup(func() {
		_ = l.door.Close()
		select {
		case <-served:
		case <-time.After(patience):
			t.Error("it stays without a door")
		}
	})
	return l
}

// TestIdle: a listener ends when nothing has been in hand for so long, and not before.
func TestIdle(t *testing.T) {
	asRoot(t)
	const idle = 300 * time.Millisecond
	fd, path := newDoor(t)
	if err := unix.SetNonblock(fd, true); err != nil {
		t.Fatal(err)
	}
	l := newListener(os.NewFile(uintptr(fd), path), account{msgUID, msgUID}, idle)
	served := make(chan error, 1)
	go func() { served <- l.serve() }()
	c := connectAs(t, aliceUID, path)
	c.next(t) // the hello
	select {
	case err := <-served:
		t.Fatalf("it ends in a conversation: %v", err)
	case <-time.After(5 * idle):
	}
	began := time.Now()
	c.end(t)
	select {
	case err := <-served:
		if took := time.Since(began); err != nil || took < idle/2 {
			t.Errorf("it ends after %v with %v", took, err)
		}
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if conn, err := net.Dial("unix", path); err != nil {
		t.Errorf("the door is closed: %v", err) // it is systemd's, who starts another
	} else {
		_ = conn.Close()
	}
}

// TestActivationRefused: what is no activation, or not root's, ends with words.
func TestActivationRefused(t *testing.T) {
	asRoot(t)
	null, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	connected := os.NewFile(uintptr(pair[1]), "connected")
	defer connected.Close()
	fd, path := newDoor(t)
	door := os.NewFile(uintptr(fd), path)
	const as = "LISTEN_PID=$$ "
	for name, c := range map[string]struct {
		script string
		file   *os.File
		want   string
	}{
		"nothing":         {"exec " + installed, door, "msg.socket"},
		"another's":       {"LISTEN_PID=1 LISTEN_FDS=1 exec " + installed, door, "msg.socket"},
		"two":             {as + "LISTEN_FDS=2 exec " + installed, door, "msg.socket"},
		"no number":       {as + "LISTEN_FDS=x exec " + installed, door, "msg.socket"},
		"with arguments":  {as + "LISTEN_FDS=1 exec " + installed + " --verbose", door, "msg.socket"},
		"a device":        {as + "LISTEN_FDS=1 exec " + installed, null, "the door"},
		"a conversation":  {as + "LISTEN_FDS=1 exec " + installed, connected, "the door"},
		"an ordinary one": {as + "LISTEN_FDS=1 exec setpriv --reuid 41001 --clear-groups sh -c 'LISTEN_PID=$$ exec " + installed + "'", door, errNotRoot.Error()},
	} {
		cmd := exec.Command("sh", "-c", c.script)
		cmd.ExtraFiles = []*os.File{c.file}
		d := launch(t, cmd)
		if said := d.awaitEnd(t); !strings.HasPrefix(said, "msgd: ") || !strings.Contains(said, c.want) || cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%s: %q, %v", name, said, cmd.ProcessState)
		}
	}
}

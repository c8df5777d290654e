//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/tty"
	"msg/internal/tty/ttytest"
)

// process is a judge or a monitor, started as the listener does, and the test's end of what is
// between the two.
type process struct {
	cmd     *exec.Cmd
	between int
	ended   chan struct{}
	said    string // the file with what it says
}

func start(t *testing.T, conn int, args ...string) *process {
	t.Helper()
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_SEQPACKET|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	duplicate, err := unix.FcntlInt(uintptr(conn), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	said, err := os.CreateTemp(t.TempDir(), "said")
	if err != nil {
		t.Fatal(err)
	}
	p := &process{cmd: exec.Command(installed, args...), between: pair[0], ended: make(chan struct{}), said: said.Name()}
	files := []*os.File{os.NewFile(uintptr(duplicate), "conn"), os.NewFile(uintptr(pair[1]), "between"), said}
	p.cmd.ExtraFiles, p.cmd.Env, p.cmd.Stderr = files[:2], []string{}, said
	if args[0] == judgeRole {
		over, err := newOver()
		if err != nil {
			t.Fatal(err)
		}
		defer over.ours.Close()
		defer over.judges.Close()
		p.cmd.ExtraFiles = append(p.cmd.ExtraFiles, over.judges)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		_ = f.Close()
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		_ = unix.Close(pair[0])
		<-p.ended
	})
	return p
}

// awaitEnd returns what the process said once it has ended by itself.
func (p *process) awaitEnd(t *testing.T) string {
	t.Helper()
	select {
	case <-p.ended:
		said, err := os.ReadFile(p.said)
		if err != nil {
			t.Fatal(err)
		}
		return string(said)
	case <-time.After(patience):
		t.Fatal("the process stays")
		return ""
	}
}

// accepted returns the accepted end of a connection of a user's process, which stays.
func accepted(t *testing.T, uid uint32) (fd int, c *client) {
	t.Helper()
	listening, path := newDoor(t)
	c = connectAs(t, uid, path)
	fd, _, err := unix.Accept4(listening, unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	return fd, c
}

// monitorFor starts a monitor for a conversation of a user's.
func monitorFor(t *testing.T, uid uint32) *process {
	t.Helper()
	conn, _ := accepted(t, uid)
	return start(t, conn, monitorRole, strconv.FormatInt(int64(sinceBoot(t)), 10))
}

// settings writes the system's configuration, until the test ends.
func settings(t *testing.T, content string) {
	t.Helper()
	err := errors.Join(os.MkdirAll(filepath.Dir(config.Path), 0o755), os.WriteFile(config.Path, []byte(content), 0o644))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(config.Path) })
}

// terminalOf returns a terminal of a user's with that mode.
func terminalOf(t *testing.T, uid int, mode uint32) *ttytest.Terminal {
	t.Helper()
	term := ttytest.Open(t)
	if err := errors.Join(os.Chown(term.Path, uid, 5), unix.Chmod(term.Path, mode)); err != nil {
		t.Fatal(err)
	}
	return term
}

// TestMonitorOpens: it hands over a terminal that is the owner's, to be written to alone.
func TestMonitorOpens(t *testing.T) {
	asRoot(t)
	m := monitorFor(t, aliceUID)
	o := &opener{between: m.between}
	for range 3 {
		term := terminalOf(t, bobUID, 0o620)
		fd, err := o.Open(tty.Want{Device: term.Device, Owner: bobUID})
		if err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
		if err := errors.Join(err, unix.Fstat(fd, &st)); err != nil || st.Rdev != term.Device {
			t.Errorf("%v, device %x; want %x", err, st.Rdev, term.Device)
		}
		if flags&unix.O_ACCMODE != unix.O_WRONLY || flags&unix.O_NONBLOCK == 0 {
			t.Errorf("opened with %o", flags)
		}
		if _, err := unix.Write(fd, []byte("hello")); err != nil {
			t.Error(err)
		}
		term.Await(t, "hello")
		_ = unix.Close(fd)
	}
	eventually(t, "no terminal stays open in the monitor", func() bool {
		for _, name := range descriptors(t, m.cmd.Process.Pid) {
			if strings.HasPrefix(name, "/dev/pts/") {
				return false
			}
		}
		return true
	})
	term := terminalOf(t, bobUID, 0o620)
	for _, name := range []string{"/proc/self", "/dev"} { // it leaves nothing else behind
		if strings.Contains(strings.Join(descriptors(t, m.cmd.Process.Pid), " "), name+" ") {
			t.Errorf("the monitor has %s open", name)
		}
	}
	term.HangUp()
	if _, err := o.Open(tty.Want{Device: term.Device, Owner: bobUID}); err == nil {
		t.Error("a terminal that is gone was opened")
	}
}

// descriptors returns what a process has open.
func descriptors(t *testing.T, pid int) (names []string) {
	t.Helper()
	dir := "/proc/" + strconv.Itoa(pid) + "/fd/"
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if name, err := os.Readlink(dir + entry.Name()); err == nil {
			names = append(names, entry.Name()+" "+name)
		}
	}
	return names
}

// TestMonitorConsent: it holds every judge to a person's word, whatever the judge says, and only
// root's to none.
func TestMonitorConsent(t *testing.T) {
	asRoot(t)
	const off = "[messages]\nunsaid = \"off\"\n"
	store := consent.Store{Dir: consent.Dir}
	for _, c := range []struct {
		name     string
		sender   uint32
		owner    int
		mode     uint32
		settings string
		says     consent.Answer
		broken   bool
		polite   bool
		want     message.Reason // "" if it is opened
	}{
		{name: "yes", sender: aliceUID, owner: bobUID, mode: 0o620},
		{name: "yes, and sticky", sender: aliceUID, owner: bobUID, mode: 0o1620},
		{name: "no", sender: aliceUID, owner: bobUID, mode: 0o1600, want: message.MessagesOff},
		{name: "no, politely", sender: aliceUID, owner: bobUID, mode: 0o1600, polite: true, want: message.MessagesOff},
		{name: "unsaid", sender: aliceUID, owner: bobUID, mode: 0o600},
		{name: "unsaid is off", sender: aliceUID, owner: bobUID, mode: 0o600, settings: off, want: message.MessagesOff},
		{name: "others may write", sender: aliceUID, owner: bobUID, mode: 0o602, settings: off, want: message.MessagesOff},
		{name: "yes where unsaid is off", sender: aliceUID, owner: bobUID, mode: 0o620, settings: off},
		{name: "broken settings", sender: aliceUID, owner: bobUID, mode: 0o600, settings: "x", want: message.MessagesOff},
		{name: "root's, unsaid", sender: aliceUID, owner: 0, mode: 0o600, want: message.MessagesOff},
		{name: "root's, yes", sender: aliceUID, owner: 0, mode: 0o620},
		{name: "no everywhere", sender: aliceUID, owner: bobUID, mode: 0o620, says: consent.No, want: message.MessagesOff},
		{name: "yes everywhere", sender: aliceUID, owner: bobUID, mode: 0o600, settings: off, says: consent.Yes},
		{name: "yes everywhere, no here", sender: aliceUID, owner: bobUID, mode: 0o1600, says: consent.Yes, want: message.MessagesOff},
		{name: "unreadable", sender: aliceUID, owner: bobUID, mode: 0o620, broken: true, want: message.MessagesOff},
		{name: "root overrides", sender: 0, owner: bobUID, mode: 0o1600},
		{name: "root overrides everywhere", sender: 0, owner: bobUID, mode: 0o1600, says: consent.No},
		{name: "root is polite", sender: 0, owner: bobUID, mode: 0o1600, polite: true, want: message.MessagesOff},
	} {
		t.Run(c.name, func(t *testing.T) {
			settings(t, c.settings)
			t.Cleanup(func() { _ = os.RemoveAll(consent.Dir) })
			if c.says != consent.Unsaid {
				if err := store.Set(uint32(c.owner), consent.Word{Say: c.says}); err != nil {
					t.Fatal(err)
				}
			}
			if c.broken {
				err := errors.Join(os.Mkdir(consent.Dir, 0o700), unix.Mkfifo(filepath.Join(consent.Dir, strconv.Itoa(c.owner)), 0o600))
				if err != nil {
					t.Fatal(err)
				}
			}
			m, term := monitorFor(t, c.sender), terminalOf(t, c.owner, c.mode)
			fd, err := (&opener{between: m.between}).Open(tty.Want{Device: term.Device, Owner: uint32(c.owner), Always: !c.polite})
			if err == nil {
				_ = unix.Close(fd)
			}
			var failure *message.Failure
			if !errors.As(err, &failure) {
				failure = &message.Failure{}
			}
			if (err == nil) != (c.want == "") || failure.Reason != c.want {
				t.Errorf("%v; want %q", err, c.want)
			}
		})
	}
}

// TestMonitorDevices: it opens no device but a terminal that is somebody's, and says why.
func TestMonitorDevices(t *testing.T) {
	asRoot(t)
	term := terminalOf(t, bobUID, 0o620)
	m := monitorFor(t, 0) // root's, which no consent holds back
	o := &opener{between: m.between}
	for _, c := range []struct {
		name   string
		device uint64
		owner  uint32
		want   message.Reason // "" for an error of the kernel's
	}{
		{"another owner", term.Device, aliceUID, message.OwnerChanged},
		{"root is not the owner", term.Device, 0, message.OwnerChanged},
		{"no uid", term.Device, 1<<32 - 1, message.OwnerChanged},
		{"/dev/null", unix.Mkdev(1, 3), 0, message.Gone},
		{"/dev/mem", unix.Mkdev(1, 1), 0, message.Gone},
		{"a loop device", unix.Mkdev(7, 0), 0, message.Gone},
		{"a disk", unix.Mkdev(8, 0), 0, message.Gone},
		{"/dev/fuse", unix.Mkdev(10, 229), 0, message.Gone},
		{"/dev/tty", unix.Mkdev(5, 0), 0, message.Gone},
		{"/dev/ptmx", unix.Mkdev(5, 2), 0, message.Gone},
		{"/dev/tty0", unix.Mkdev(4, 0), 0, message.Gone},
		{"nothing", 0, 0, message.Gone},
		{"the highest number", 1<<64 - 1, 0, message.Gone},
		{"a pts that is not there", unix.Mkdev(136, 999_999), 0, ""},
		{"a serial line that is not listed", unix.Mkdev(188, 77), 0, message.Gone},
	} {
		fd, err := o.Open(tty.Want{Device: c.device, Owner: c.owner, Always: true})
		if err == nil {
			_ = unix.Close(fd)
		}
		var failure *message.Failure
		var errno unix.Errno
		switch {
		case c.want == "" && !(errors.As(err, &errno) && errno == unix.ENOENT),
			c.want != "" && !(errors.As(err, &failure) && failure.Reason == c.want):
			t.Errorf("%s: %v; want %q", c.name, err, c.want)
		}
	}
	if fd, err := o.Open(tty.Want{Device: term.Device, Owner: bobUID}); err != nil {
		t.Errorf("after all these: %v", err)
	} else {
		_ = unix.Close(fd)
	}
}

// TestMonitorRecords: a judge that does not keep to the form, or that has ended, ends it.
func TestMonitorRecords(t *testing.T) {
	asRoot(t)
	term := terminalOf(t, bobUID, 0o620)
	good, err := binary.Append(nil, binary.NativeEndian, question{Device: term.Device, Owner: bobUID})
	if err != nil {
		t.Fatal(err)
	}
	for name, record := range map[string][]byte{
		"a byte":         good[:1],
		"a byte less":    good[:len(good)-1],
		"a byte more":    append(append([]byte{}, good...), 0),
		"two in one":     append(append([]byte{}, good...), good...),
		"much more":      make([]byte, 64<<10),
		"nothing in one": {},
	} {
		m := monitorFor(t, aliceUID)
		if err := unix.Sendto(m.between, record, unix.MSG_NOSIGNAL, nil); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if said := m.awaitEnd(t); said != "" {
			t.Errorf("%s: it says %q", name, said)
		}
		reply := make([]byte, 100)
		if n, _, err := unix.Recvfrom(m.between, reply, unix.MSG_DONTWAIT); n > 0 || err != nil {
			t.Errorf("%s: it answers %x, %v", name, reply[:max(n, 0)], err)
		}
	}
	m := monitorFor(t, aliceUID)
	if err := unix.Shutdown(m.between, unix.SHUT_RDWR); err != nil {
		t.Fatal(err)
	}
	if said := m.awaitEnd(t); said != "" {
		t.Errorf("the judge has ended: it says %q", said)
	}
}

// TestMonitorRights: descriptors that a judge sends along stay with nobody.
func TestMonitorRights(t *testing.T) {
	asRoot(t)
	term, m := terminalOf(t, bobUID, 0o620), monitorFor(t, aliceUID)
	record, err := binary.Append(nil, binary.NativeEndian, question{Device: term.Device, Owner: bobUID})
	if err != nil {
		t.Fatal(err)
	}
	null, err := os.Open("/dev/zero")
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	if err := unix.Sendmsg(m.between, record, unix.UnixRights(int(null.Fd())), nil, 0); err != nil {
		t.Fatal(err)
	}
	if _, said, err := (&opener{between: m.between}).receive(); err != nil || said.err != nil {
		t.Error(err, said.err)
	} else {
		_ = unix.Close(said.fd)
	}
	for _, name := range descriptors(t, m.cmd.Process.Pid) {
		if strings.HasSuffix(name, "/dev/zero") {
			t.Errorf("it has %s", name)
		}
	}
}

// TestMonitorArguments: nobody gets anything by starting it.
func TestMonitorArguments(t *testing.T) {
	asRoot(t)
	for _, args := range [][]string{{}, {"1"}, {"x"}, {"1", "2"}, {"99999999999999999999"}} {
		out, _ := exec.Command(installed, append([]string{monitorRole}, args...)...).CombinedOutput()
		if strings.Contains(string(out), "goroutine") {
			t.Errorf("%q: %s", args, out)
		}
	}
}

// TestMonitorLooks: it tells whether a full-screen program has a terminal, also where messages
// are off, and hands over no descriptor; of another owner's terminal it tells nothing.
func TestMonitorLooks(t *testing.T) {
	asRoot(t)
	m := monitorFor(t, aliceUID)
	o := &opener{between: m.between}
	term := terminalOf(t, bobUID, 0o1600)
	want := tty.Want{Device: term.Device, Owner: bobUID}
	if o.FullScreen(want) {
		t.Error("a shell's terminal has a full-screen program")
	}
	settings, err := unix.IoctlGetTermios(int(term.Slave.Fd()), unix.TCGETS)
	if err != nil {
		t.Fatal(err)
	}
	settings.Lflag &^= unix.ICANON | unix.ECHO
	settings.Oflag &^= unix.OPOST
	if err := unix.IoctlSetTermios(int(term.Slave.Fd()), unix.TCSETS, settings); err != nil {
		t.Fatal(err)
	}
	if !o.FullScreen(want) {
		t.Error("a raw terminal has no full-screen program")
	}
	want.Owner++
	if o.FullScreen(want) {
		t.Error("it tells of a terminal that has another owner")
	}
	want.Owner--
	if !o.FullScreen(want) {
		t.Error("the monitor has ended")
	}
}

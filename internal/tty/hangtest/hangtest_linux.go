// Package hangtest gives tests a terminal that hangs: whatever opens it, writes to it or closes it
// waits, as long as the terminal's owner likes.
package hangtest

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

// patience is how long a test waits for the terminal to hang.
const patience = 30 * time.Second

// What linux/fuse.h has: operations, and the numbers of the two files.
const (
	fuseLookup  = 1
	fuseForget  = 2
	fuseGetAttr = 3
	fuseOpen    = 14
	fuseRead    = 15
	fuseInit    = 26
	fuseForgets = 42
	fuseRoot    = 1
	fuseFile    = 2
)

type fuseHeader struct {
	Length, Operation  uint32
	Unique, Node       uint64
	UID, GID, PID, Pad uint32
}

type fuseAttr struct {
	Node, Size, Blocks, Accessed, Modified, Changed uint64
	AccessedNS, ModifiedNS, ChangedNS               uint32
	Mode, Links, UID, GID, Device, BlockSize, Flags uint32
}

// hangingFile returns a file whose content never comes: a page of it that is mapped makes the
// kernel wait in whatever touches it, even in a process that was killed, until the file is gone.
func hangingFile(t *testing.T) (path string, remove func()) {
	t.Helper()
	fd, err := unix.Open("/dev/fuse", unix.O_RDWR|unix.O_CLOEXEC, 0)
	if errors.Is(err, fs.ErrNotExist) {
		t.Skip("this machine has no /dev/fuse, without which no terminal can be made to hang")
	}
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	options := fmt.Sprintf("fd=%d,rootmode=40000,user_id=0,group_id=0", fd)
	if err := unix.Mount("fuse", dir, "fuse", 0, options); err != nil {
		t.Fatal(err)
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		serveFuse(fd)
	}()
	return filepath.Join(dir, "file"), func() {
		if err := unix.Unmount(dir, unix.MNT_FORCE|unix.MNT_DETACH); err != nil {
			t.Error(err)
		}
		<-served
		_ = unix.Close(fd)
	}
}

// serveFuse answers everything but reads.
func serveFuse(fd int) {
	buf := make([]byte, 256<<10)
	for {
		n, err := unix.Read(fd, buf)
		if errors.Is(err, unix.EINTR) || errors.Is(err, unix.ENOENT) {
			continue
		}
		var h fuseHeader
		if err != nil {
			return
		}
		if _, err := binary.Decode(buf[:n], binary.NativeEndian, &h); err != nil {
			return
		}
		attr := fuseAttr{Node: h.Node, Size: 4096, Links: 1, Mode: unix.S_IFREG | 0o644, BlockSize: 4096}
		if h.Node == fuseRoot && h.Operation != fuseLookup {
			attr.Mode = unix.S_IFDIR | 0o755
		}
		switch h.Operation {
		case fuseRead, fuseForget, fuseForgets:
		case fuseInit:
			answer(fd, h, 0, [16]uint32{7, 31, 4096, 0, 12<<16 | 16, 4096})
		case fuseLookup:
			attr.Node = fuseFile
			answer(fd, h, 0, [5]uint64{fuseFile, 0, 1000, 1000, 0}, attr)
		case fuseGetAttr:
			answer(fd, h, 0, [2]uint64{1000, 0}, attr)
		case fuseOpen:
			answer(fd, h, 0, [2]uint64{1, 0})
		default:
			answer(fd, h, -int32(unix.ENOSYS))
		}
	}
}

func answer(fd int, to fuseHeader, failure int32, parts ...any) {
	var body []byte
	for _, part := range parts {
		body, _ = binary.Append(body, binary.NativeEndian, part)
	}
	head, _ := binary.Append(nil, binary.NativeEndian, struct {
		Length uint32
		Error  int32
		Unique uint64
	}{uint32(16 + len(body)), failure, to.Unique})
	_, _ = unix.Write(fd, append(head, body...))
}

// Hang has a terminal of its own that belongs to that user, leads it, and tells its path. The
// terminal hangs for as long as the process lives: one thread writes to it what never comes, and
// another waits with the terminal's lock for the first to end. The file is of Terminal's command.
// It returns only to fail.
func Hang(file string, owner int) error {
	fd, err := unix.Open(file, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	page, err := unix.Mmap(fd, 0, 4096, unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return err
	}
	_, slave, err := pty.Open()
	if err != nil {
		return err
	}
	if err := errors.Join(slave.Chmod(0o620), slave.Chown(owner, 5)); err != nil {
		return err
	}
	terminal := slave.Fd()
	if err := unix.IoctlSetInt(int(terminal), unix.TIOCSCTTY, 0); err != nil {
		return err
	}
	fmt.Println(slave.Name())
	// Both threads have to be there before the first waits for the page: from then on, the
	// process gets no more memory.
	go func() {
		runtime.LockOSThread()
		for first := true; ; first = false {
			if first {
				_ = unix.Nanosleep(&unix.Timespec{Nsec: 1e8}, nil)
			}
			_, _, _ = unix.Syscall(unix.SYS_WRITE, terminal, uintptr(unsafe.Pointer(&page[0])), 64)
		}
	}()
	runtime.LockOSThread()
	_ = unix.Nanosleep(&unix.Timespec{Nsec: 2e8}, nil)
	for discipline := 0; ; {
		_, _, _ = unix.Syscall(unix.SYS_IOCTL, terminal, unix.TIOCSETD, uintptr(unsafe.Pointer(&discipline)))
	}
}

// Terminal returns the path and the number of a terminal that hangs until the test ends. command
// returns a command that calls Hang with the file. This process has nothing of the terminal open,
// or it would hang, too.
func Terminal(t *testing.T, command func(file string) *exec.Cmd) (path string, device uint64) {
	t.Helper()
	file, remove := hangingFile(t)
	cmd := command(file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		remove()
		_ = cmd.Wait()
	})
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatal(err)
	}
	path = strings.TrimSpace(string(line[:n]))
	var st unix.Stat_t
	if err := unix.Stat(path, &st); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); opens(path); time.Sleep(10 * time.Millisecond) {
		if time.Since(begun) > patience {
			t.Fatal("the terminal does not hang")
		}
	}
	return path, st.Rdev
}

// opens reports whether a terminal can be opened, in a process of its own.
func opens(path string) bool {
	look := exec.Command("timeout", "-s", "KILL", "0.3", "sh", "-c", "exec 3>"+path)
	look.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	return look.Run() == nil
}

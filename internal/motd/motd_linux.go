package motd

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// Notice is one that is there.
type Notice struct {
	path   string
	file   *os.File // holds the lock by which others see that it is not left behind
	keeper *exec.Cmd
	alive  io.Closer // the keeper's input, whose end is ours
}

// Leave leaves a notice in the directory, which it makes where it is missing; until is when
// it goes at the latest, even if the process is stopped by then.
func Leave(dir, text string, until time.Time) (*Notice, error) {
	switch {
	case len(text) > MaxText:
		return nil, ErrTooLong
	case !time.Now().Before(until):
		return nil, ErrOver
	}
	if err := ready(dir); err != nil {
		return nil, err
	}
	if err := sweep(dir); err != nil {
		return nil, err
	}
	file, err := write(dir, text)
	if err != nil {
		return nil, err
	}
	n := &Notice{path: filepath.Join(dir, prefix+strings.ToLower(rand.Text()[:letters])), file: file}
	err = n.keep(until)
	if err == nil { // from here on, somebody removes it
		err = unix.Linkat(unix.AT_FDCWD, fmt.Sprintf("/proc/self/fd/%d", file.Fd()), unix.AT_FDCWD, n.path, unix.AT_SYMLINK_FOLLOW)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", n.path, err), n.Remove())
	}
	return n, nil
}

// ready makes the directory, and refuses one in which others could put things in our way.
func ready(dir string) error {
	err := os.Mkdir(dir, 0o755)
	if err == nil {
		err = os.Chmod(dir, 0o755) // whatever the umask: who logs in has to get there
	}
	if err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	var st unix.Stat_t
	if err := unix.Lstat(dir, &st); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	if st.Mode&unix.S_IFMT != unix.S_IFDIR || st.Uid != uint32(os.Geteuid()) || st.Mode&0o022 != 0 {
		return fmt.Errorf("%s is no directory that root alone may change", dir)
	}
	return nil
}

// write makes the file, locked and with all of its text, and without a name yet: at any
// moment somebody may log in, or look for what is left behind.
func write(dir, text string) (*os.File, error) {
	fd, err := unix.Open(dir, unix.O_TMPFILE|unix.O_RDWR|unix.O_CLOEXEC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("make a file in %s: %w", dir, err)
	}
	file := os.NewFile(uintptr(fd), dir)
	_, err = file.WriteString(text)
	err = errors.Join(err, file.Chmod(0o644)) // it is read as who logs in
	lock := unix.Flock_t{Type: unix.F_WRLCK}
	err = errors.Join(err, unix.FcntlFlock(file.Fd(), unix.F_OFD_SETLK, &lock))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("make a file in %s: %w", dir, err), file.Close())
	}
	return file, nil
}

// keeper removes the file $1 at the end of its input, or when it is later than $2, in
// seconds since 1970; whatever happens to the rest of its terminal or unit. If the clock was
// set back meanwhile, it waits on.
const keeper = `trap '' HUP INT QUIT TERM
while left=$(($2 - $(date +%s))); [ $left -gt 0 ]; do
	timeout -s KILL $left cat >/dev/null
	[ $? -gt 128 ] || break
done
rm -f -- "$1"`

func (n *Notice) keep(until time.Time) error {
	for _, program := range []string{"date", "timeout", "cat", "rm"} {
		if _, err := exec.LookPath(program); err != nil {
			return err
		}
	}
	cmd := exec.Command("/bin/sh", "-c", keeper, "msg-notice", n.path, strconv.FormatInt(until.Unix()+1, 10))
	cmd.Dir, cmd.Env = "/", []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	input, err := cmd.StdinPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("nobody to remove the notice: %w", err)
	}
	n.keeper, n.alive = cmd, input
	return nil
}

// Remove removes the notice.
func (n *Notice) Remove() error {
	err := os.Remove(n.path)
	if errors.Is(err, os.ErrNotExist) {
		err = nil
	}
	if n.keeper != nil {
		_ = n.alive.Close()
		stuck := time.AfterFunc(time.Second, func() { _ = n.keeper.Process.Kill() }) // what it is for is done
		_ = n.keeper.Wait()
		stuck.Stop()
	}
	return errors.Join(err, n.file.Close())
}

// sweep removes the notices in the directory whose processes are gone: their locks are.
// Anyone who may read a file may hold a lock for reading on it, so it is asked for one for
// writing, which only its own process can have.
func sweep(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if name, ours := strings.CutPrefix(entry.Name(), prefix); !ours || len(name) != letters || !entry.Type().IsRegular() {
			continue
		}
		path := filepath.Join(dir, entry.Name())
		if alive, err := locked(path); err == nil && !alive {
			err = os.Remove(path)
			if err != nil && !errors.Is(err, os.ErrNotExist) {
				return err
			}
		}
	}
	return nil
}

func locked(path string) (bool, error) {
	fd, err := unix.Open(path, unix.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	defer unix.Close(fd)
	lock := unix.Flock_t{Type: unix.F_RDLCK}
	err = unix.FcntlFlock(uintptr(fd), unix.F_OFD_GETLK, &lock)
	return lock.Type != unix.F_UNLCK, err
}

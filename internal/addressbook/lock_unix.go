//go:build unix && !solaris && !aix

package addressbook

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// lock has one program at a time change a file. The lock is a file of its own beside it, which
// nobody else may open, and so nobody else can hold; it is gone when unlocked.
func lock(path string) (unlock func(), err error) {
	name := path + ".lock"
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
		if err != nil {
			return nil, err
		}
		ours, err := locked(f, name)
		if err == nil && ours {
			return func() {
				_ = os.Remove(name) // what is left of it is taken by the next one
				_ = f.Close()
			}, nil
		}
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
}

// locked waits for the lock, and tells whether it is still the one of that name: who had it has
// removed it.
func locked(f *os.File, name string) (ours bool, err error) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, now), err
}

// mostLinks is how many links may lead to a file, as with the kernel.
const mostLinks = 40

// notAnothers tells, to root, that somebody else has a hand in where a path leads: they could
// have root read or write something else. Of what is not there yet, it is the directories that
// are.
func notAnothers(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	at, rest := "/", strings.Split(strings.Trim(filepath.Clean(path), "/"), "/")
	for links := 0; len(rest) > 0 && links < mostLinks; {
		at, rest = filepath.Join(at, rest[0]), rest[1:]
		info, err := os.Lstat(at)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != 0 {
			return fmt.Errorf("%s: belongs to uid %d, and what is there is theirs to change", at, st.Uid)
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			continue
		}
		to, err := os.Readlink(at)
		if err != nil {
			return err
		}
		links++
		if at = filepath.Dir(at); filepath.IsAbs(to) {
			at = "/"
		}
		rest = append(strings.Split(strings.Trim(to, "/"), "/"), rest...)
	}
	return nil
}

// keepGroup gives a draft the group and the mode of the file whose place it takes. Where the
// group may not be given, its members have no more rights than everyone.
func keepGroup(draft *os.File, of fs.FileInfo) error {
	info, err := draft.Stat()
	if err != nil {
		return err
	}
	mode := of.Mode().Perm()
	was, ok := of.Sys().(*syscall.Stat_t)
	is, also := info.Sys().(*syscall.Stat_t)
	if ok && also && was.Gid != is.Gid {
		err = draft.Chown(-1, int(was.Gid))
	}
	if errors.Is(err, fs.ErrPermission) {
		mode, err = mode&^0o070|mode&0o070&(mode&0o007<<3), nil
	}
	return errors.Join(err, draft.Chmod(mode))
}

//go:build unix && !solaris && !aix

package names

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// lock opens the draft of a file, empty, that one program at a time writes. Nobody else may
// open it, so nobody else can hold the lock.
func lock(draft string) (*os.File, error) {
	for {
		f, err := os.OpenFile(draft, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0o600)
		if err != nil {
			return nil, err
		}
		ours, err := locked(f, draft)
		if err == nil && ours {
			err = f.Truncate(0) // what was left by a program that was killed
		}
		if err == nil && ours {
			return f, nil
		}
		_ = f.Close()
		if err != nil {
			return nil, err
		}
	}
}

// locked waits for the lock, and tells whether it is still the draft's: who had it may have put
// it in the file's place.
func locked(f *os.File, draft string) (ours bool, err error) {
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		return false, err
	}
	info, err := f.Stat()
	if err != nil {
		return false, err
	}
	now, err := os.Lstat(draft)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && os.SameFile(info, now), err
}

// notAnothers refuses to have root change what is below somebody else's directory: they could
// lead it elsewhere. Of what is not there yet, it is the directories that are.
func notAnothers(path string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	paths := []string{path}
	if real, err := filepath.EvalSymlinks(path); err == nil {
		paths = append(paths, real)
	}
	for _, at := range paths {
		for ; at != filepath.Dir(at); at = filepath.Dir(at) {
			info, err := os.Lstat(at)
			if err != nil {
				continue
			}
			if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != 0 {
				return fmt.Errorf("%s: belongs to uid %d, and what is there is theirs to change", at, st.Uid)
			}
		}
	}
	return nil
}

// keepGroup gives a draft the group of the file whose place it takes.
func keepGroup(draft *os.File, of fs.FileInfo) error {
	info, err := draft.Stat()
	if err != nil {
		return err
	}
	was, ok := of.Sys().(*syscall.Stat_t)
	is, also := info.Sys().(*syscall.Stat_t)
	if !ok || !also || was.Gid == is.Gid {
		return nil
	}
	return draft.Chown(-1, int(was.Gid))
}

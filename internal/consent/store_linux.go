package consent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// Flags that all files are opened with: no link is followed, nothing is waited for.
const openFlags = unix.O_CLOEXEC | unix.O_NOFOLLOW | unix.O_NONBLOCK | unix.O_NOCTTY

// openDir opens the directory, which may not be a link either. Its error is fs.ErrNotExist if
// there is none.
func (s Store) openDir() (*os.File, error) {
	fd, err := unix.Open(s.Dir, unix.O_RDONLY|unix.O_DIRECTORY|openFlags, 0)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: s.Dir, Err: err}
	}
	return os.NewFile(uintptr(fd), s.Dir), nil
}

func openAt(dir *os.File, name string, flags int) (*os.File, error) {
	fd, err := unix.Openat(int(dir.Fd()), name, flags|openFlags, 0o600)
	if err != nil {
		return nil, &os.PathError{Op: "open", Path: dir.Name() + "/" + name, Err: err}
	}
	return os.NewFile(uintptr(fd), dir.Name()+"/"+name), nil
}

// read returns what a person's file holds; nil if there is none.
func (s Store) read(uid uint32) ([]byte, error) {
	dir, err := s.openDir()
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer dir.Close()
	f, err := openAt(dir, fileName(uid), unix.O_RDONLY)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > mostBytes {
		return nil, fmt.Errorf("%s: %w", f.Name(), ErrBroken)
	}
	content, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if content == nil {
		content = []byte{}
	}
	return content, err
}

// change replaces a person's file by what next returns, or removes it if that is nil. Changes
// wait for each other.
func (s Store) change(uid uint32, next func() ([]byte, error)) error {
	if err := os.Mkdir(s.Dir, 0o700); err != nil && !errors.Is(err, os.ErrExist) {
		return err
	}
	dir, err := s.openDir()
	if err != nil {
		return err
	}
	defer dir.Close() // and so unlocks it
	if err := lock(dir); err != nil {
		return err
	}
	content, err := next()
	if err != nil {
		return err
	}
	name := fileName(uid)
	if content == nil {
		err = unix.Unlinkat(int(dir.Fd()), name, 0)
		if errors.Is(err, unix.ENOENT) {
			return nil
		}
	} else if err = write(dir, name+".new", content); err == nil {
		err = unix.Renameat(int(dir.Fd()), name+".new", int(dir.Fd()), name)
	}
	if err == nil {
		err = dir.Sync()
	}
	if err != nil {
		return fmt.Errorf("%s/%s: %w", s.Dir, name, err)
	}
	return nil
}

// write writes a new file, in the place of what a writer left behind that was ended.
func write(dir *os.File, name string, content []byte) error {
	if err := unix.Unlinkat(int(dir.Fd()), name, 0); err != nil && !errors.Is(err, unix.ENOENT) {
		return err
	}
	f, err := openAt(dir, name, unix.O_WRONLY|unix.O_CREAT|unix.O_EXCL)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Sync(), f.Close())
}

// How long a change waits for others, and how often it looks.
const (
	patience = 2 * time.Second
	pause    = 5 * time.Millisecond
)

// lock has the store for one writer, until the directory is closed.
func lock(dir *os.File) error {
	for deadline := time.Now().Add(patience); ; time.Sleep(pause) {
		err := unix.Flock(int(dir.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR):
			return fmt.Errorf("%s: %w", dir.Name(), err)
		case time.Now().After(deadline):
			return fmt.Errorf("%s: another program has it locked for %v", dir.Name(), patience)
		}
	}
}

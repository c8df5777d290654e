//go:build unix

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// open opens the file and checks the descriptor. It follows links: an
// administrator may keep the file elsewhere; what it leads to has to be root's. The
// directory, too: who may change that could take the file away, and its rules.
func open(path string) (*os.File, error) {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err == nil {
		err = checkOwner(info)
	}
	if err != nil {
		return nil, named(dir, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := check(f); err != nil {
		_ = f.Close()
		return nil, named(path, err)
	}
	return f, nil
}

// named says which file an error is about, unless it does so itself.
func named(path string, err error) error {
	var its *fs.PathError
	if errors.As(err, &its) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// owner is who must own the file; tests that are not root's have their own.
var owner uint32

func check(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("not a file")
	}
	return checkOwner(info)
}

func checkOwner(info fs.FileInfo) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	right := 0o644
	if info.IsDir() {
		right = 0o755
	}
	switch {
	case !ok:
		return errors.New("nobody knows whose it is")
	case st.Uid != owner:
		return fmt.Errorf("belongs to uid %d; it must be root's (chown root)", st.Uid)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others than root may write to it, mode %04o (chmod %o)", info.Mode().Perm(), right)
	}
	return nil
}

//go:build unix

package config

import (
	"fmt"
	"os"
	"syscall"
)

// open opens the file and checks the descriptor. It follows links: an
// administrator may keep the file elsewhere; what it leads to has to be root's.
func open(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := check(f); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// owner is who must own the file; tests that are not root's have their own.
var owner uint32

func check(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || !info.Mode().IsRegular():
		return fmt.Errorf("not a file")
	case st.Uid != owner:
		return fmt.Errorf("belongs to uid %d; it must be root's (chown root)", st.Uid)
	case info.Mode().Perm()&0o022 != 0:
		return fmt.Errorf("others than root may write to it, mode %04o (chmod 644)", info.Mode().Perm())
	}
	return nil
}

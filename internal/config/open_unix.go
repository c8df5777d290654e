//go:build unix

package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"syscall"
)

// open opens the file and checks the descriptor. It follows links, to where an administrator
// has the file. The directory has to be root's, too, or others could take the file away.
func open(path string, owners []uint32) (*os.File, error) {
	dir := filepath.Dir(path)
	info, err := os.Stat(dir)
	if err == nil {
		err = checkOwner(info, owners)
	}
	if err != nil {
		return nil, named(dir, err)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK|syscall.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	info, err = f.Stat()
	switch {
	case err != nil:
	case !info.Mode().IsRegular():
		err = errors.New("not a file")
	default:
		err = checkOwner(info, owners)
	}
	if err != nil {
		_ = f.Close()
		return nil, named(path, err)
	}
	return f, nil
}

// named says which file an error is about, unless it does so itself.
func named(path string, err error) error {
	if errors.As(err, new(*fs.PathError)) {
		return err
	}
	return fmt.Errorf("%s: %w", path, err)
}

// owner is root, who may own any of the files; tests that are not root's have their own.
var owner uint32

func checkOwner(info fs.FileInfo, owners []uint32) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	right, others, whose := 0o644, "root", "root's (chown root)"
	if len(owners) > 0 {
		others, whose = "the owner", "yours or root's"
	}
	if info.IsDir() {
		right = 0o755
	}
	switch {
	case !ok:
		return Untrusted("nobody knows whose it is")
	case st.Uid != owner && !slices.Contains(owners, st.Uid):
		return Untrusted(fmt.Sprintf("belongs to uid %d; it must be %s", st.Uid, whose))
	case info.Mode().Perm()&0o022 != 0:
		return Untrusted(fmt.Sprintf("others than %s may write to it, mode %04o (chmod %o)", others, info.Mode().Perm(), right))
	}
	return nil
}

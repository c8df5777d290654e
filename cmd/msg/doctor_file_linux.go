package main

import (
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// Permissions, as stat(2) has them.
const (
	setUID     = 0o4000
	setGID     = 0o2000
	sticky     = 0o1000
	permission = 0o7777
)

// file is what stat(2) tells of one.
type file struct {
	path     string
	mode     uint32 // permissions and set-id bits
	regular  bool
	uid, gid uint32
	full     string // why nothing can be made in a directory; "" where that is not known to be so
	err      error
}

// lookAt follows links: what they lead to is what counts.
func lookAt(path string) file {
	info, err := os.Stat(path)
	if err != nil {
		return file{path: path, err: err}
	}
	f := file{path: path, regular: info.Mode().IsRegular()}
	if st, isStat := info.Sys().(*syscall.Stat_t); isStat {
		f.mode, f.uid, f.gid = st.Mode&permission, st.Uid, st.Gid
	}
	return f
}

// lookInto looks at a directory that files are made in.
func lookInto(path string) file {
	f := lookAt(path)
	var st unix.Statfs_t
	if err := unix.Statfs(path, &st); err != nil {
		return f
	}
	switch {
	case st.Flags&unix.MS_RDONLY != 0: // ST_RDONLY is the same
		f.full = "read-only file system"
	case st.Files > 0 && st.Ffree == 0: // without a limit, both are 0
		f.full = "no inode is free"
	}
	return f
}

// above are the directories that a path leads through.
func above(path string) []file {
	var all []file
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		all = append(all, lookAt(dir))
		if dir == filepath.Dir(dir) {
			return all
		}
	}
}

// quoted is the path as a shell takes it.
func quoted(path string) string {
	plain := func(r rune) bool {
		return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("/._-+", r)
	}
	if strings.IndexFunc(path, func(r rune) bool { return !plain(r) }) < 0 {
		return path
	}
	return "'" + strings.ReplaceAll(path, "'", `'\''`) + "'"
}

func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}

func groupName(gid uint32) string {
	id := strconv.FormatUint(uint64(gid), 10)
	if g, err := user.LookupGroupId(id); err == nil {
		return g.Name
	}
	return id
}

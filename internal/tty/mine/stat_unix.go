//go:build unix

package mine

import (
	"io/fs"
	"os"
	"syscall"
)

const openFlags = os.O_RDONLY | syscall.O_NOCTTY | syscall.O_NONBLOCK | syscall.O_NOFOLLOW

// stat returns a file's device number and owner, as stat(2) has them.
func stat(info fs.FileInfo) (device uint64, owner uint32, ok bool) {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, false
	}
	return uint64(st.Rdev), st.Uid, true
}

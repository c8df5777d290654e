//go:build unix && !solaris && !aix

package names

import (
	"fmt"
	"os"
	"syscall"
)

// lock has one program at a time change files in a directory, which has to belong to who
// does: in another's, root could be led to write elsewhere.
func lock(dir string) (unlock func(), err error) {
	f, err := os.Open(dir)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || int(st.Uid) != os.Geteuid() {
			err = fmt.Errorf("%s: belongs to uid %d, and what is in it is theirs to change", dir, st.Uid)
		}
	}
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return func() { _ = f.Close() }, nil // which unlocks it
}

//go:build !unix

package mine

import (
	"io/fs"
	"os"
)

const openFlags = os.O_RDONLY

// noMark is nothing: here, no file has a mode that says whether messages are on.
const noMark = fs.FileMode(0)

// stat fails: here, no file has an owner and a mode that say whether messages are on.
func stat(fs.FileInfo) (device uint64, owner uint32, ok bool) { return 0, 0, false }

func deviceMeant(_ *os.File, device uint64) uint64 { return device }

func controls(*os.File) bool { return false }

//go:build unix && !linux

package mine

import (
	"io/fs"
	"os"
)

// noMark is nothing: only Linux lets any user set the sticky bit of a device.
const noMark = fs.FileMode(0)

// deviceMeant returns the descriptor's own number: only Linux tells what /dev/tty
// stands for.
func deviceMeant(_ *os.File, device uint64) uint64 { return device }

func controls(*os.File) bool { return false }

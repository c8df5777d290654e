package hang_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"msg/internal/hang"
)

// TestAt: a thread that is at a terminal has the terminal's number as its name, and the process
// keeps its own.
func TestAt(t *testing.T) {
	before := comm(t, "/proc/self")
	for _, device := range []uint64{unix.Mkdev(136, 0), unix.Mkdev(143, 1<<20-1), unix.Mkdev(4, 64)} {
		name := make(chan string)
		go func() {
			runtime.LockOSThread() // a thread whose name was changed ends with it
			gone := hang.At(device)
			name <- comm(t, "/proc/thread-self")
			gone()
		}()
		if got, ok := hang.Device(<-name); !ok || got != device {
			t.Errorf("%#x has become %#x, %v", device, got, ok)
		}
	}
	if after := comm(t, "/proc/self"); after != before {
		t.Errorf("the process %q is called %q", before, after)
	}
	for _, other := range []string{"", "tty", "tty ", "tty x", "msgd-judge", "tty 8800 "} {
		if got, ok := hang.Device(other); ok {
			t.Errorf("%q is %#x", other, got)
		}
	}
}

func comm(t *testing.T, dir string) string {
	t.Helper()
	name, err := os.ReadFile(filepath.Join(dir, "comm"))
	if err != nil {
		t.Error(err)
	}
	return strings.TrimSuffix(string(name), "\n")
}

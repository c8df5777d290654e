//go:build linux

package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// Spare is a root file system like the host's, on which nothing runs, for a test to do
// with as it likes. It is gone when the test has ended.
func (h *Host) Spare(t testing.TB) string {
	t.Helper()
	h.mustRun(t)
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	for _, name := range []string{"upper", "work", "root"} {
		if err := os.Mkdir(in(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	layers := fmt.Sprintf("lowerdir=%s,upperdir=%s,workdir=%s", h.root.dir(), in("upper"), in("work"))
	if err := unix.Mount("overlay", in("root"), "overlay", 0, layers); err != nil {
		t.Fatalf("mounting the overlay (%s): %v", layers, err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(in("root"), 0); err != nil {
			t.Errorf("unmounting %s: %v", in("root"), err)
		}
	})
	return in("root")
}

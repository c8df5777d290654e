//go:build linux

package packages

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestInstallCompat: links and pages come and go; nobody else's program or page does, and
// then nothing else does either.
func TestInstallCompat(t *testing.T) {
	dir := t.TempDir()
	compat := func(target string) (string, error) {
		out, err := exec.Command("make", "-s", "-C", root, target, "DESTDIR="+dir).CombinedOutput()
		return string(out), err
	}
	for range 2 { // over itself, too
		if out, err := compat("install-compat"); err != nil {
			t.Fatal(out)
		}
	}
	if to, err := os.Readlink(filepath.Join(dir, "usr/local/bin/mesg")); to != "msg" {
		t.Errorf("mesg is a link to %q, %v", to, err)
	}
	if out, err := compat("uninstall-compat"); err != nil {
		t.Fatal(out)
	}
	if left := run(t, "find", dir, "!", "-type", "d"); left != "" {
		t.Errorf("there is still %s", left)
	}
	// A link of ours does not make a page ours.
	page := filepath.Join(dir, "usr/local/share/man/man1/wall.1")
	if err := errors.Join(os.Symlink("msg", filepath.Join(dir, "usr/local/bin/wall")), os.WriteFile(page, []byte("theirs"), 0o644)); err != nil {
		t.Fatal(err)
	}
	if out, err := compat("install-compat"); err == nil || !strings.Contains(out, page) {
		t.Errorf("%v: %q", err, out)
	}
	if err := errors.Join(os.Remove(page), os.Remove(filepath.Join(dir, "usr/local/bin/wall"))); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bin/mesg", "share/man/man1/mesg.1"} {
		file := filepath.Join(dir, "usr/local", name)
		if err := os.WriteFile(file, []byte("theirs"), 0o755); err != nil {
			t.Fatal(err)
		}
		out, err := compat("install-compat")
		if err == nil || !strings.HasPrefix(out, "install-compat: "+file+" is not of an install-compat before; nothing was changed\nhint: ") {
			t.Errorf("%v: %q", err, out)
		}
		if out, err := compat("uninstall-compat"); err != nil {
			t.Error(out)
		}
		if left := run(t, "find", dir, "!", "-type", "d"); left != file+"\n" {
			t.Errorf("there is %s", left)
		}
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
	}
}

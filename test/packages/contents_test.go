//go:build linux

package packages

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// entries are the files of a package, such as "-0755 root root" or "link to msg".
type entries map[string]string

// noSpecialBits checks that a file gives nobody rights: no set-uid, set-gid or sticky bit.
func noSpecialBits(t *testing.T, pack, name string, mode int64) {
	t.Helper()
	if mode&0o7000 != 0 {
		t.Errorf("%s: %s has the mode %04o", pack, name, mode)
	}
}

// debFiles returns the files and directories of a Debian package, and the time of msgd.
func debFiles(t *testing.T, deb string) (entries, time.Time) {
	t.Helper()
	archive := tar.NewReader(strings.NewReader(run(t, "dpkg-deb", "--fsys-tarfile", deb)))
	files, built := entries{}, time.Time{}
	for {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return files, built
		}
		if err != nil {
			t.Fatalf("%s: %v", deb, err)
		}
		if h.Uid != 0 || h.Gid != 0 {
			t.Errorf("%s: %s is of the ids %d and %d", deb, h.Name, h.Uid, h.Gid)
		}
		name := strings.TrimPrefix(strings.TrimSuffix(h.Name, "/"), ".")
		noSpecialBits(t, deb, name, h.Mode)
		switch {
		case h.Typeflag == tar.TypeSymlink:
			files[name] = "link to " + h.Linkname
		case h.Typeflag == tar.TypeDir && sharedDir(name):
		case h.Typeflag == tar.TypeDir:
			files[name] = fmt.Sprintf("d%04o %s %s", h.Mode, h.Uname, h.Gname)
		default:
			files[name] = fmt.Sprintf("-%04o %s %s", h.Mode, h.Uname, h.Gname)
		}
		if strings.HasSuffix(name, "/msgd") {
			built = h.ModTime
		}
	}
}

// rpmFiles are the files and directories of an rpm package.
func rpmFiles(t *testing.T, rpm string) entries {
	t.Helper()
	files := entries{}
	out := run(t, "rpm", "-qp", "--qf", `[%{FILENAMES} %{FILEMODES:octal} %{FILEUSERNAME} %{FILEGROUPNAME} %{FILELINKTOS}\n]`, rpm)
	for line := range strings.Lines(out) {
		f := strings.Fields(line)
		var mode int
		fmt.Sscanf(f[1], "%o", &mode)
		noSpecialBits(t, rpm, f[0], int64(mode&0o7777))
		switch mode &^ 0o7777 {
		case 0o120000:
			files[f[0]] = "link to " + f[4]
		case 0o040000:
			if sharedDir(f[0]) {
				continue
			}
			files[f[0]] = fmt.Sprintf("d%04o %s %s", mode&0o7777, f[2], f[3])
		default:
			files[f[0]] = fmt.Sprintf("-%04o %s %s", mode&0o7777, f[2], f[3])
		}
	}
	return files
}

// sharedDir reports whether a directory is other packages', too.
func sharedDir(name string) bool {
	return !strings.Contains(filepath.Base(name), "msg") && !strings.Contains(name, "/examples")
}

// installed is what "make install" makes, with what is done to it in packages: pages are
// compressed, and files have the owner that they have when root installs.
func installed(t *testing.T, target string) entries {
	t.Helper()
	dir := t.TempDir()
	run(t, "make", "-C", root, target, "PREFIX=/usr", "DESTDIR="+dir)
	files := entries{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		info, statErr := os.Lstat(path)
		name := strings.TrimPrefix(path, dir)
		switch {
		case err != nil || statErr != nil:
			return errors.Join(err, statErr)
		case d.IsDir() && sharedDir(name) || path == dir:
		case d.IsDir():
			files[name] = "d0755 root root"
		case info.Mode()&os.ModeSymlink != 0:
			to, _ := os.Readlink(path)
			files[name] = "link to " + to
		case strings.HasPrefix(name, "/usr/share/man/"):
			files[name+".gz"] = "-0644 root root"
		default:
			files[name] = fmt.Sprintf("-%04o root root", info.Mode().Perm())
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// documents are what policy asks of a package besides.
func documents(files entries, name string) {
	files["/usr/share/doc/"+name] = "d0755 root root"
	for _, file := range []string{"copyright", "changelog.gz"} {
		files["/usr/share/doc/"+name+"/"+file] = "-0644 root root"
	}
}

// differ tells which files are not as they should be.
func differ(t *testing.T, name string, got, want entries) {
	t.Helper()
	for _, path := range slices.Sorted(maps.Keys(got)) {
		if got[path] != want[path] {
			t.Errorf("%s: %s is %q, want %q", name, path, got[path], want[path])
		}
	}
	for _, path := range slices.Sorted(maps.Keys(want)) {
		if _, ok := got[path]; !ok {
			t.Errorf("%s: lacks %s", name, path)
		}
	}
}

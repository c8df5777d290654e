//go:build linux

// Package packages has the project's packages built, for tests of what is in them and
// of what they do to a system. It installs nothing.
package packages

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

// root is where the project is, as a test's directory has it.
const root = "../.."

// Version is the Makefile's.
var Version = sync.OnceValue(func() string {
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		return err.Error()
	}
	_, rest, _ := strings.Cut(string(makefile), "\nVERSION = ")
	version, _, _ := strings.Cut(rest, "\n")
	return version
})

var built = sync.OnceValue(func() error {
	out, err := exec.Command("make", "-C", root, "packages").CombinedOutput()
	if err != nil {
		return fmt.Errorf("make packages: %w\n%s", err, out)
	}
	return nil
})

// Dir is where the packages of this tree are.
func Dir(t testing.TB) string {
	t.Helper()
	if err := built(); err != nil {
		t.Fatal(err)
	}
	dir, err := filepath.Abs(filepath.Join(root, "dist"))
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// Deb is the path of one of the packages for this machine.
func Deb(dir, name, version string) string {
	return filepath.Join(dir, name+"_"+version+"_"+runtime.GOARCH+".deb")
}

// Rpm is the path of one of the packages for this machine.
func Rpm(dir, name, version string) string {
	arch := map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH]
	return filepath.Join(dir, name+"-"+version+"-1."+arch+".rpm")
}

// BuildAnew builds this machine's packages in tree, a directory that it fills with a copy
// of this one in which nothing is built yet, as that version and of that time. It returns
// the packages' directory.
func BuildAnew(tree, version string, date time.Time) (string, error) {
	const copying = `tar -C "$1" --exclude=./.git --exclude=./dist --exclude=./bin --exclude='./man/*.[158]' --exclude=./man/.date -c . | tar -C "$2" -x`
	if out, err := exec.Command("sh", "-c", copying, "sh", root, tree).CombinedOutput(); err != nil {
		return "", fmt.Errorf("copying the tree: %w\n%s", err, out)
	}
	dist := filepath.Join(tree, "dist")
	out, err := exec.Command("make", "-C", tree, filepath.Join("dist", filepath.Base(Deb(dist, "msg", version))),
		"VERSION="+version, fmt.Sprintf("SOURCE_DATE_EPOCH=%d", date.Unix())).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the packages anew: %w\n%s", err, out)
	}
	return dist, nil
}

// run runs a program that must succeed, and returns its output.
func run(t testing.TB, argv ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), argv[0], argv[1:]...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", argv, err, out, stderr.String())
	}
	return string(out)
}

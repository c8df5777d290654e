//go:build linux

package packages

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const (
	zshOfMake = "/usr/share/zsh/site-functions/_msg"
	zshOfDeb  = "/usr/share/zsh/vendor-completions/_msg"
)

// eachArch has the paths of the packages for both architectures.
func eachArch(t *testing.T, name string) (debs, rpms []string) {
	t.Helper()
	dir := Dir(t)
	for _, arch := range []string{"amd64", "arm64"} {
		debs = append(debs, filepath.Join(dir, name+"_"+Version()+"_"+arch+".deb"))
	}
	for _, arch := range []string{"x86_64", "aarch64"} {
		rpms = append(rpms, filepath.Join(dir, name+"-"+Version()+"-1."+arch+".rpm"))
	}
	return debs, rpms
}

// TestContents: packages hold what "make install" installs, and what packages have
// besides.
func TestContents(t *testing.T) {
	want := installed(t, "install")
	documents(want, "msg")
	for _, file := range []string{"/etc/msg/msg.toml", "/usr/share/doc/msg/README.md", "/usr/share/doc/msg/licenses.gz"} {
		want[file] = "-0644 root root"
	}
	want["/etc/msg"] = "d0755 root root"
	const preset, script = "/usr/lib/systemd/system-preset/80-msg.preset", "/etc/init.d/msgd"
	want[preset] = "-0644 root root"
	debs, rpms := eachArch(t, "msg")
	for _, rpm := range rpms {
		differ(t, rpm, rpmFiles(t, rpm), want)
	}
	want["/usr/share/lintian/overrides/msg"] = "-0644 root root"
	want[zshOfDeb] = want[zshOfMake]
	delete(want, zshOfMake)
	delete(want, preset)
	want[script] = "-0755 root root"
	for _, deb := range debs {
		files, _ := debFiles(t, deb)
		differ(t, deb, files, want)
	}
}

// TestContentsCompat: of msg-compat, rpm's is out of util-linux's way.
func TestContentsCompat(t *testing.T) {
	want := installed(t, "install-compat")
	documents(want, "msg-compat")
	want["/usr/share/lintian/overrides/msg-compat"] = "-0644 root root"
	debs, rpms := eachArch(t, "msg-compat")
	for _, deb := range debs {
		files, _ := debFiles(t, deb)
		differ(t, deb, files, want)
	}
	aside := entries{}
	documents(aside, "msg-compat")
	aside["/usr/lib/msg"] = "d0755 root root"
	for _, name := range []string{"wall", "write", "mesg"} {
		aside["/usr/lib/msg/bin/"+name] = "link to ../../../bin/msg"
		aside["/usr/lib/msg/man/man1/"+name+".1.gz"] = "-0644 root root"
	}
	for _, rpm := range rpms {
		differ(t, rpm, rpmFiles(t, rpm), aside)
	}
}

// TestControl: what package managers are told.
func TestControl(t *testing.T) {
	debs, rpms := eachArch(t, "msg")
	for _, deb := range debs {
		if conffiles := run(t, "dpkg-deb", "--info", deb, "conffiles"); conffiles != "/etc/init.d/msgd\n/etc/msg/msg.toml\n" {
			t.Errorf("%s: conffiles are %q", deb, conffiles)
		}
	}
	for _, rpm := range rpms {
		if flags := run(t, "rpm", "-qp", "--qf", `[%{FILENAMES} %{FILEFLAGS:fflags}\n]`, rpm); !strings.Contains(flags, "/etc/msg/msg.toml cn\n") {
			t.Errorf("%s: msg.toml is not config, noreplace: %s", rpm, flags)
		}
		scripts := run(t, "rpm", "-qp", "--scripts", rpm)
		for _, words := range []string{"postinstall scriptlet", "systemd-sysusers ", "systemd-tmpfiles --create", "preset msg.socket", "preuninstall scriptlet", "remove | 0)", "postuninstall scriptlet", "rm -rf /run/msg"} {
			if !strings.Contains(scripts, words) {
				t.Errorf("%s: the scripts lack %q:\n%s", rpm, words, scripts)
			}
		}
	}
	debs, rpms = eachArch(t, "msg-compat")
	for _, deb := range debs {
		if depends := run(t, "dpkg-deb", "--field", deb, "Pre-Depends", "Depends"); depends != "Pre-Depends: msg\nDepends: msg (>= "+Version()+")\n" {
			t.Errorf("%s depends on %q", deb, depends)
		}
	}
	for _, rpm := range rpms {
		if requires := run(t, "rpm", "-qp", "--requires", rpm); requires != "msg >= "+Version()+"\n" {
			t.Errorf("%s requires %q", rpm, requires)
		}
	}
}

// TestLintian: neither errors nor warnings but those that packaging/lintian explains.
func TestLintian(t *testing.T) {
	debs, _ := eachArch(t, "msg")
	compat, _ := eachArch(t, "msg-compat")
	debs = append(debs, compat...)
	out := run(t, append([]string{"lintian", "--allow-root", "--fail-on", "error,warning"}, debs...)...)
	if out != "" {
		t.Log(out)
	}
}

// TestReproducible: packages that are built in another place, at another time, have the same bytes.
func TestReproducible(t *testing.T) {
	dir := Dir(t)
	_, date := debFiles(t, Deb(dir, "msg", Version()))
	anew, err := BuildAnew(t.TempDir(), Version(), date)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"msg", "msg-compat"} {
		for _, path := range []string{Deb(dir, name, Version()), Rpm(dir, name, Version())} {
			one, err := os.ReadFile(path)
			two, err2 := os.ReadFile(filepath.Join(anew, filepath.Base(path)))
			if err != nil || err2 != nil || !bytes.Equal(one, two) {
				t.Errorf("%s: %v, %v: the bytes differ", path, err, err2)
			}
		}
	}
}

// TestVersion: a version that Debian and rpm would write otherwise than make is refused.
func TestVersion(t *testing.T) {
	for version, ok := range map[string]bool{
		"0.2.0": true, "0.2.0~rc1": true, "0.2.0+git1": true, "0.2.0-rc1": false, "0.2": false, "v0.2.0": false, "": false,
	} {
		out, err := exec.Command("make", "-s", "-C", root, "package-version", "VERSION="+version).CombinedOutput()
		if (err == nil) != ok || !ok && !strings.HasPrefix(string(out), "packages: VERSION is to be like 0.2.0") {
			t.Errorf("%q: %v, %q", version, err, out)
		}
	}
}

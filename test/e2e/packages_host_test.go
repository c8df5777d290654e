//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"msg/test/lab"
	"msg/test/packages"
)

// shelf is where the packages are on a host, in subdirectories of their versions.
const shelf = "/tmp/msg-packages"

// older is a version before the Makefile's.
const older = "0.0.9"

// olderDir is where the packages of the older version are on the tester.
var olderDir = sync.OnceValues(func() (string, error) {
	tree, err := os.MkdirTemp("", "msg-older-")
	if err != nil {
		return "", err
	}
	return packages.BuildAnew(tree, older, time.Unix(1e9, 0))
})

// The packages' helper, and what tells its owner and mode.
const (
	packagedHelper = "/usr/libexec/msg-helper"
	helperStat     = "stat -c %U:%G:%a " + packagedHelper
)

// withoutMsg runs a test on all hosts at once, which have no msg but its packages.
// Afterwards, they have the one of the other tests again.
func withoutMsg(t *testing.T, test func(t *testing.T, h *lab.Host)) {
	old, err := olderDir()
	if err != nil {
		t.Fatal(err)
	}
	dirs := map[string]string{packages.Version(): packages.Dir(t), older: old}
	archive, err := packed()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range lab.Hosts() {
		install(t, h)
		if out := h.Exec(t, archive, "sh", "-c", "cd / && tar -t | grep -v '/$' | xargs rm -f; rm -rf /run/msg /usr/local/share/doc/msg"); out.Code != 0 {
			t.Fatal(out)
		}
		t.Cleanup(func() {
			h.Exec(t, "", "dpkg", "--purge", "msg-compat", "msg")
			h.Run(t, "rm", "-rf", "/etc/msg", shelf)
			delete(installed, h)
			install(t, h)
			reload(t, h)
		})
		for version, dir := range dirs {
			for _, name := range []string{"msg", "msg-compat"} {
				deb := packages.Deb(dir, name, version)
				h.Install(t, deb, filepath.Join(shelf, version, name+".deb"), "root:root", 0o644)
			}
		}
		reload(t, h)
	}
	for _, h := range lab.Hosts() {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// reload has systemd read its units.
func reload(t *testing.T, h *lab.Host) {
	t.Helper()
	if h.Logind {
		h.Run(t, "systemctl", "daemon-reload")
	}
}

// get installs packages as people do, and returns what was said.
func get(t *testing.T, h *lab.Host, version string, names ...string) string {
	t.Helper()
	command, said := []string{"env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "install"}, ""
	for _, name := range names {
		deb := filepath.Join(shelf, version, name+".deb")
		if command = append(command, deb); !h.Logind {
			out := h.Run(t, "dpkg", "-i", deb)
			said += out.Stdout + out.Stderr
		}
	}
	if h.Logind {
		out := h.Run(t, command...)
		said = out.Stdout + out.Stderr
	}
	return said
}

// hide takes systemd's programs away, for a host to be as one that has never had them.
func hide(t *testing.T, h *lab.Host) {
	t.Helper()
	h.Run(t, "mkdir", "/root/hidden")
	h.Run(t, "mv", "/usr/bin/systemd-tmpfiles", "/usr/bin/systemctl", "/root/hidden")
	t.Cleanup(func() { h.Run(t, "sh", "-c", "mv /root/hidden/* /usr/bin; rmdir /root/hidden") })
}

// files are those of a host that packages have to do with, and what can be told of them
// without reading them.
func files(t *testing.T, h *lab.Host) []string {
	t.Helper()
	out := h.Exec(t, "", "find", "/usr", "/etc", "/var/lib/systemd", "/run/msg", "/run/systemd/system",
		"-path", "/var/lib/systemd/timers", "-prune",
		"-o", "-type", "d", "-printf", `%p %y %m %u %g\n`,
		"-o", "-printf", `%p %y %m %u %g %n %s %T@ %l\n`)
	return strings.Split(out.Stdout, "\n")
}

// same checks that packages have left nothing behind, and taken nothing.
func same(t *testing.T, before, after []string) {
	t.Helper()
	for _, file := range after {
		if !slices.Contains(before, file) {
			t.Errorf("there is %s", file)
		}
	}
	for _, file := range before {
		if !slices.Contains(after, file) {
			t.Errorf("there was %s", file)
		}
	}
}

// is checks what a command on the host prints.
func is(t *testing.T, h *lab.Host, want, script string) {
	t.Helper()
	if out := h.Exec(t, "", "sh", "-c", script); strings.TrimSpace(out.Stdout) != want {
		t.Errorf("%s: %+v, want %q", script, out, want)
	}
}

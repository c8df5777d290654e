//go:build linux

package e2e_test

import (
	"os"
	"path/filepath"
	"regexp"
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

// msgdStat tells the owner and mode of the packages' msgd.
const msgdStat = "stat -c %U:%G:%a /usr/sbin/msgd"

// specialBits lists the files of the package msg that are set-uid or set-gid.
const specialBits = "dpkg -L msg | xargs -I{} find {} -maxdepth 0 -type f -perm /6000"

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
		closeDoor(t, h)
		if h.Logind {
			h.Run(t, "systemctl", "-q", "disable", "msg.socket")
		}
		const removal = "cd / && tar -t | grep -v '/$' | xargs rm -f; rm -rf /run/msg /var/lib/msg /etc/init.d/msgd /usr/local/share/doc/msg; update-rc.d msgd remove; userdel msg"
		if out := h.Exec(t, archive, "sh", "-c", removal); out.Code != 0 {
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
	h.Run(t, "mv", "/usr/bin/systemd-tmpfiles", "/usr/bin/systemd-sysusers", "/usr/bin/systemctl", "/root/hidden")
	t.Cleanup(func() { h.Run(t, "sh", "-c", "mv /root/hidden/* /usr/bin; rmdir /root/hidden") })
}

// files are those of a host that packages have to do with, and what can be told of them
// without reading them.
func files(t *testing.T, h *lab.Host) []string {
	t.Helper()
	out := h.Exec(t, "", "find", "/usr", "/etc", "/var/lib/systemd", "/var/lib/msg", "/run/msg", "/run/systemd/system",
		"-path", "/var/lib/systemd/timers", "-prune",
		"-o", "-type", "d", "-printf", `%p %y %m %u %g\n`,
		"-o", "-printf", `%p %y %m %u %g %n %s %T@ %l\n`)
	return strings.Split(out.Stdout, "\n")
}

// ofAccounts are files that change as packages make the account msg, which stays.
var ofAccounts = regexp.MustCompile(`^/etc/(passwd|shadow|group|gshadow)-? |^/etc/\.pwd\.lock `)

// same checks that packages have left nothing behind, and taken nothing.
func same(t *testing.T, before, after []string) {
	t.Helper()
	for _, file := range after {
		if !slices.Contains(before, file) && !ofAccounts.MatchString(file) {
			t.Errorf("there is %s", file)
		}
	}
	for _, file := range before {
		if !slices.Contains(after, file) && !ofAccounts.MatchString(file) {
			t.Errorf("there was %s", file)
		}
	}
}

// startAtBoot does what sysvinit does with the packages' script when a host boots.
func startAtBoot(t *testing.T, h *lab.Host) {
	t.Helper()
	if !h.Logind {
		h.Run(t, "/etc/init.d/msgd", "start")
		awaitOn(t, h, "ls /run/msg/door")
	}
}

// is checks what a command on the host prints.
func is(t *testing.T, h *lab.Host, want, script string) {
	t.Helper()
	if out := h.Exec(t, "", "sh", "-c", script); strings.TrimSpace(out.Stdout) != want {
		t.Errorf("%s: %+v, want %q", script, out, want)
	}
}

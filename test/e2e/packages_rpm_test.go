//go:build linux

package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"msg/test/lab"
	"msg/test/packages"
)

// rpm runs rpm on a spare root file system, where it believes that all that it needs is
// there, and returns what was said.
func rpm(t *testing.T, root string, args ...string) string {
	t.Helper()
	args = append([]string{"--root", root, "--dbpath", "/var/lib/rpm", "--force-debian"}, args...)
	out, err := exec.Command("rpm", args...).CombinedOutput()
	if err != nil {
		t.Fatalf("rpm %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// inRoot runs a command in a spare root file system.
func inRoot(t *testing.T, root, script string) string {
	t.Helper()
	cmd := exec.Command("chroot", root, "sh", "-c", script)
	cmd.Env = []string{"PATH=/usr/bin:/usr/sbin"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, out)
	}
	return strings.TrimSpace(string(out))
}

// filesIn are those of a spare root file system that packages have to do with.
func filesIn(t *testing.T, root string) []string {
	t.Helper()
	out := inRoot(t, root, `find /usr /etc /run -type d -printf '%p %y %m %u %g\n' -o -printf '%p %y %m %u %g %n %s %T@ %l\n'`)
	return strings.Split(out, "\n")
}

// TestRpm: installed, upgraded and erased by rpm, with what an administrator has decided;
// in the end nothing is left.
func TestRpm(t *testing.T) {
	old, err := olderDir()
	if err != nil {
		t.Fatal(err)
	}
	dir, root := packages.Dir(t), lab.D13.Spare(t)
	inRoot(t, root, "rm /usr/bin/deb-systemd-helper /usr/bin/deb-systemd-invoke") // it is not Debian then
	before := filesIn(t, root)
	rpm(t, root, "-i", packages.Rpm(old, "msg", older))
	if got := inRoot(t, root, msgdStat+"; stat -c %U:%G:%a /run/msg/rate; msg --version; systemctl is-enabled msg.socket 2>/dev/null"); got != "root:root:755\nmsg:msg:700\nmsg "+older+"\nenabled" {
		t.Errorf("there is %q", got)
	}
	if said := rpm(t, root, "-V", "msg"); said != "" {
		t.Errorf("rpm finds other than it has installed: %s", said)
	}
	inRoot(t, root, "sed -i 's/^#per_minute = 20/per_minute = 7/' /etc/msg/msg.toml; systemctl -q enable msg-shutdown.path")

	rpm(t, root, "-U", packages.Rpm(dir, "msg", packages.Version()))
	if got := inRoot(t, root, msgdStat+"; msg --version; grep -h per_minute /etc/msg/*; ls /etc/systemd/system/*/msg*"); got !=
		fmt.Sprintf("root:root:755\nmsg %s\nper_minute = 7\n/etc/systemd/system/paths.target.wants/msg-shutdown.path\n/etc/systemd/system/sockets.target.wants/msg.socket", packages.Version()) {
		t.Errorf("there is %q", got)
	}

	rpmCompat(t, root)
	rpm(t, root, "-e", "msg-compat", "msg")
	if got := inRoot(t, root, "grep -h ^per_minute /etc/msg/msg.toml.rpmsave"); got != "per_minute = 7" {
		t.Errorf("of the settings, there is %q", got)
	}
	inRoot(t, root, "rm -r /etc/msg")
	same(t, before, filesIn(t, root))
}

// rpmCompat installs msg-compat by rpm: it takes nobody's place.
func rpmCompat(t *testing.T, root string) {
	t.Helper()
	said := rpm(t, root, "-i", packages.Rpm(packages.Dir(t), "msg-compat", packages.Version()))
	if !strings.Contains(said, "\n    PATH=/usr/lib/msg/bin:$PATH\n") {
		t.Errorf("it says %q", said)
	}
	if got := inRoot(t, root, "PATH=/usr/lib/msg/bin:$PATH; for name in wall write mesg; do $name --help >/dev/null; readlink -f $(command -v $name); done; readlink -f /usr/bin/wall"); got !=
		strings.Repeat("/usr/bin/msg\n", 3)+"/usr/bin/wall" {
		t.Errorf("there is %q", got)
	}
}

// TestPackagesInImage: in a system that does not run, not even with /proc, a package can
// be installed, and nothing of it is left.
func TestPackagesInImage(t *testing.T) {
	root := lab.D12.Spare(t)
	deb, err := os.ReadFile(packages.Deb(packages.Dir(t), "msg", packages.Version()))
	if err == nil {
		err = os.WriteFile(filepath.Join(root, "root/msg.deb"), deb, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, root)
	inRoot(t, root, "dpkg -i /root/msg.deb; systemctl -q enable msg-shutdown.path")
	if got := inRoot(t, root, msgdStat+"; stat -c %U:%G:%a /run/msg/pending; ls /run/msg; systemctl is-enabled msg.socket 2>/dev/null"); got != "root:root:755\nroot:msg:1775\npending\nrate\nenabled" {
		t.Errorf("there is %q", got)
	}
	inRoot(t, root, "dpkg --purge msg")
	same(t, before, filesIn(t, root))
}

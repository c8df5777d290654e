//go:build linux

package e2e_test

import (
	"os"
	"testing"

	"msg/test/lab"
	"msg/test/packages"
)

// TestPackages: one version installed, another over it, and removed. What an
// administrator has decided holds, and in the end nothing is left but what is users' own.
func TestPackages(t *testing.T) {
	withoutMsg(t, func(t *testing.T, h *lab.Host) {
		if !h.Logind {
			hide(t, h)
		}
		h.Run(t, "sh", "-c", "mkdir -p /home/alice/.config/msg; echo '[domains]' >/home/alice/.config/msg/msg.toml")
		t.Cleanup(func() { h.Run(t, "rm", "-r", "/home/alice/.config") })
		before := files(t, h)
		fresh(t, h)
		upgraded(t, h)
		removed(t, h)
		h.Run(t, "apt-get", "-q", "-y", "purge", "msg")
		same(t, before, files(t, h))
		is(t, h, "", "dpkg-query -W msg 2>/dev/null")
		is(t, h, "[domains]", "cat /home/alice/.config/msg/msg.toml")
	})
}

// fresh installs the older version: it works at once, and no unit has been enabled.
func fresh(t *testing.T, h *lab.Host) {
	t.Helper()
	get(t, h, older, "msg")
	is(t, h, "root:tty:2755", helperStat)
	healthy(t, h, "installed")
	if f := doctor(t, h, "carol")["helper"]; f.Found != packagedHelper+", root:tty 2755" {
		t.Errorf("%+v", f)
	}
	if h.Logind {
		is(t, h, "disabled", "systemctl is-enabled msg-shutdown.path")
	}
	bob := h.Login(t, "bob")
	if out := says(t, h, "carol", "bob", "From a package."); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	got(t, bob, "From a package.")
}

// upgraded installs the newer version over it: settings stay, the helper's mode, too, where
// the administrator has another, and what runs goes on.
func upgraded(t *testing.T, h *lab.Host) {
	t.Helper()
	h.Run(t, "sh", "-c", "sed -i 's/^#per_minute = 20/per_minute = 7/' /etc/msg/msg.toml; dpkg-statoverride --update --add root tty 0755 "+packagedHelper)
	if h.Logind {
		h.Run(t, "systemctl", "-q", "enable", "--now", "msg-shutdown.path")
	}
	get(t, h, packages.Version(), "msg")
	is(t, h, "msg "+packages.Version(), "msg --version")
	is(t, h, "per_minute = 7", "grep -h per_minute /etc/msg/*")
	is(t, h, "root:tty:755", helperStat)
	h.Run(t, "sh", "-c", "dpkg-statoverride --remove "+packagedHelper+"; chmod 2755 "+packagedHelper)
	healthy(t, h, "upgraded")
	if h.Logind {
		asRpm(t, h, "1")
		is(t, h, "active", "systemctl is-active msg-shutdown.path")
	}
}

// asRpm runs on a host with systemd what rpm runs before it takes a version away, after
// which so many are left.
func asRpm(t *testing.T, h *lab.Host, left string) {
	t.Helper()
	script, err := os.ReadFile("../../packaging/scripts/prerm")
	if err != nil {
		t.Fatal(err)
	}
	if out := h.Exec(t, string(script), "sh", "-s", left); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
}

// removed removes it while a shutdown is scheduled: what watches and warns is stopped.
func removed(t *testing.T, h *lab.Host) {
	t.Helper()
	if h.Logind {
		h.Run(t, "shutdown", "-r", "+300")
		t.Cleanup(func() { h.Run(t, "shutdown", "-c") })
		awaitOn(t, h, "cat /run/motd.d/*")
	}
	h.Run(t, "apt-get", "-q", "-y", "remove", "msg")
	if h.Logind {
		is(t, h, "inactive\ninactive", "systemctl is-active msg-shutdown.path msg-shutdown.service")
		is(t, h, "", "ls /run/motd.d")
	}
	is(t, h, "/etc/msg\n/etc/msg/msg.toml", "find /usr /etc -path '*msg*' ! -path '*dmsg*' ! -path '/usr/share/*'")
}

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

// fresh installs the older version: it works at once, and no unit but the door is enabled.
func fresh(t *testing.T, h *lab.Host) {
	t.Helper()
	get(t, h, older, "msg")
	is(t, h, "root:root:755", msgdStat)
	is(t, h, "", specialBits)
	is(t, h, "/nonexistent:/usr/sbin/nologin", "getent passwd msg | cut -d: -f6-")
	startAtBoot(t, h)
	if h.Logind {
		is(t, h, "enabled\ndisabled", "systemctl is-enabled msg.socket msg-shutdown.path")
	}
	healthy(t, h, "installed")
	if f := doctor(t, h, "carol")["msgd"]; f.Found != "answers, version "+older {
		t.Errorf("%+v", f)
	}
	bob := h.Login(t, "bob")
	if out := says(t, h, "carol", "bob", "From a package."); out != (lab.Output{}) {
		t.Errorf("%+v", out)
	}
	got(t, bob, "From a package.")
}

// upgraded installs the newer version over it: settings stay, and what runs goes on. A message
// that waits gets its answer from the older msgd, and the next one goes to the newer.
func upgraded(t *testing.T, h *lab.Host) {
	t.Helper()
	h.Run(t, "sh", "-c", "sed -i 's/^#per_minute = 20/per_minute = 7/' /etc/msg/msg.toml")
	if h.Logind {
		h.Run(t, "systemctl", "-q", "enable", "--now", "msg-shutdown.path")
	}
	h.Login(t, "bob")
	w := waits(t, h, "carol", "--wait", "-t", "60", "bob", "Before the upgrade?")
	code := awaitOn(t, h, "ls /run/msg/pending")
	get(t, h, packages.Version(), "msg")
	if !h.Logind {
		h.Run(t, "/etc/init.d/msgd", "restart")
		awaitOn(t, h, "ls /run/msg/door")
	}
	is(t, h, "msg "+packages.Version(), "msg --version")
	is(t, h, "per_minute = 7", "grep -h per_minute /etc/msg/*")
	healthy(t, h, "upgraded")
	if f := doctor(t, h, "carol")["msgd"]; f.Found != "answers, version "+packages.Version() {
		t.Errorf("%+v", f)
	}
	if out := says(t, h, "bob", "ok", code); out.Code != 0 {
		t.Errorf("%+v", out)
	}
	if out := w.ends(t); out.Code != 0 {
		t.Errorf("the message that waited: %+v", out)
	}
	if h.Logind {
		asRpm(t, h, "1")
		is(t, h, "active\nactive", "systemctl is-active msg.socket msg-shutdown.path")
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
	is(t, h, "", "pgrep -x msgd; ls /run/msg/door 2>/dev/null")
	// Links to the script and to the door's unit stay with it, as settings.
	is(t, h, "/etc/init.d/msgd\n/etc/msg\n/etc/msg/msg.toml",
		"find /usr /etc -path '*msg*' ! -path '*dmsg*' ! -path '/usr/share/*' ! -path '/usr/lib/tcl*' ! -path '*.wants/*' ! -path '/etc/rc?.d/*' | sort")
}

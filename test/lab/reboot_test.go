//go:build linux

package lab_test

import (
	"fmt"
	"strings"
	"testing"

	"msg/test/lab"
)

// sysvScript runs a service that writes a line to /run/lab-service once, in
// the form that packages bring.
const sysvScript = `#!/bin/sh
### BEGIN INIT INFO
# Provides:          lab-service
# Required-Start:    $remote_fs
# Required-Stop:     $remote_fs
# Default-Start:     2 3 4 5
# Default-Stop:      0 1 6
# Short-Description: a service of the tests'
### END INIT INFO
set -e
. /lib/lsb/init-functions
pidfile=/run/lab-service.pid
case $1 in
start)
	start-stop-daemon --start --background --make-pidfile --pidfile $pidfile \
		--exec /bin/sh -- -c 'echo began >>/run/lab-service; exec sleep infinity'
	;;
stop)
	start-stop-daemon --stop --retry 5 --pidfile $pidfile --remove-pidfile
	echo "was stopped" >>/var/lib/lab-service
	;;
esac
`

// TestServiceOfPlain holds that the host without systemd runs a service of a
// sysvinit script: when told to, at boot, and until it shuts down.
func TestServiceOfPlain(t *testing.T) {
	h := lab.Plain
	const name = "lab-service"
	h.Exec(t, sysvScript, "sh", "-c", "cat >/etc/init.d/lab-service; chmod 755 /etc/init.d/lab-service")
	runs := func() bool {
		return h.Exec(t, "", "sh", "-c", "kill -0 $(cat /run/lab-service.pid)").Code == 0
	}
	began := func() string { // "start" does not wait for the line
		return h.Run(t, "sh", "-c", "until [ -s /run/lab-service ]; do sleep 0.02; done; cat /run/lab-service").Stdout
	}
	h.Run(t, "update-rc.d", name, "defaults")
	t.Cleanup(func() {
		h.Run(t, "service", name, "stop")
		h.Run(t, "rm", "/etc/init.d/"+name, "/run/lab-service", "/var/lib/lab-service")
		h.Run(t, "update-rc.d", name, "remove")
	})
	h.Run(t, "service", name, "start")
	if !runs() || began() != "began\n" {
		t.Errorf("after start it runs: %v, having said %q", runs(), began())
	}
	h.Run(t, "service", name, "stop")
	if runs() {
		t.Error("after stop it runs")
	}
	h.Run(t, "rm", "/run/lab-service", "/var/lib/lab-service")
	h.Run(t, "service", name, "start")
	h.Reboot(t)
	if !runs() || began() != "began\n" {
		t.Errorf("after a reboot it runs: %v, having said %q", runs(), began())
	}
	if told := h.Run(t, "cat", "/var/lib/lab-service").Stdout; told != "was stopped\n" {
		t.Errorf("the shutdown has left %q", told)
	}
	if dbus := h.Exec(t, "", "pgrep", "-x", "dbus-daemon"); dbus.Code == 0 {
		t.Error("a reboot has started D-Bus")
	}
}

func TestReboot(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		h.Run(t, "sh", "-c", "mkdir /var/lib/kept; touch /var/lib/kept/file /run/gone")
		t.Cleanup(func() { h.Run(t, "rm", "-r", "/var/lib/kept") })
		id := h.Run(t, "cat", "/etc/machine-id").Stdout
		h.Reboot(t)
		h.Run(t, "test", "-e", "/var/lib/kept/file")
		h.Run(t, "test", "!", "-e", "/run/gone")
		if after := h.Run(t, "cat", "/etc/machine-id").Stdout; after != id {
			t.Errorf("the machine's id was %s and is %s", id, after)
		}
		mounts := h.Run(t, "grep", " /dev/pts ", "/proc/mounts").Stdout
		if !strings.Contains(mounts, fmt.Sprintf(",mode=%o,", h.PtyMode)) {
			t.Errorf("/dev/pts is mounted as %q", mounts)
		}
		if users := h.Run(t, "who").Stdout; strings.Contains(users, "bob") {
			t.Errorf("%v is still logged in:\n%s", bob, users)
		}
		again := h.Login(t, "bob")
		again.Type(t, "echo back to\" \"work\r")
		again.Expect(t, "back to work")
	})
}

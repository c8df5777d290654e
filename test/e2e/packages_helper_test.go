//go:build linux

package e2e_test

import (
	"fmt"
	"testing"

	"msg/test/lab"
	"msg/test/packages"
)

// beforeMsgd builds a package on a host as versions before msgd were: with a set-gid msg-helper,
// and a directory of counts that its group may write to.
const beforeMsgd = `cd %[1]s && rm -rf old && mkdir -p old/DEBIAN old/usr/libexec old/etc/msg &&
	cp /bin/true old/usr/libexec/msg-helper && chown root:tty old/usr/libexec/msg-helper && chmod 2755 old/usr/libexec/msg-helper &&
	echo '[rate]' >old/etc/msg/msg.toml && echo 'per_minute = 9' >>old/etc/msg/msg.toml && echo /etc/msg/msg.toml >old/DEBIAN/conffiles &&
	printf 'Package: msg\nVersion: 0.0.1\nArchitecture: all\nMaintainer: A <a@b.invalid>\nDescription: x\n' >old/DEBIAN/control &&
	printf '#!/bin/sh\ninstall -d -m 755 /run/msg; install -d -m 770 -g tty /run/msg/rate; install -d -m 1775 -g tty /run/msg/pending\n' >old/DEBIAN/postinst &&
	chmod 755 old/DEBIAN/postinst && dpkg-deb -b old old.deb && dpkg -i old.deb && sed -i 's/9/8/' /etc/msg/msg.toml`

// TestPackagesAfterHelper: an upgrade from msg-helper leaves nothing set-gid. Where root had let
// few users run msg-helper, the same few may use the door.
func TestPackagesAfterHelper(t *testing.T) {
	withoutMsg(t, func(t *testing.T, h *lab.Host) {
		for _, c := range []struct{ override, door string }{
			{"", "root:root:666"},
			{"root tty 2755", "root:root:666"},
			{"root ops 2750", "root:ops:660"},
			{"root tty 0755", "root:root:660"},
		} {
			h.Run(t, "sh", "-c", fmt.Sprintf(beforeMsgd, shelf))
			h.Run(t, "sh", "-c", "touch /run/msg/rate/1003; chown carol:tty /run/msg/rate/1003")
			if c.override != "" {
				h.Run(t, "sh", "-c", "dpkg-statoverride --update --add "+c.override+" /usr/libexec/msg-helper")
			}
			h.Run(t, "sh", "-c", "dpkg --force-confold -i "+shelf+"/"+packages.Version()+"/msg.deb")
			startAtBoot(t, h)
			is(t, h, c.door, "stat -c %U:%G:%a /run/msg/door")
			is(t, h, "", specialBits)
			is(t, h, "", "ls /usr/libexec/msg-helper /run/msg/rate/1003 2>/dev/null; dpkg-statoverride --list | grep msg")
			is(t, h, "msg:msg:700\nroot:msg:1775", "stat -c %U:%G:%a /run/msg/rate /run/msg/pending")
			is(t, h, "per_minute = 8", "grep -h ^per_minute /etc/msg/msg.toml")
			h.Run(t, "dpkg", "--purge", "msg")
			is(t, h, "", "ls -d /etc/systemd/system/msg.socket.d /etc/default/msgd 2>/dev/null")
		}
	})
}

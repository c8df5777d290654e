#!/bin/sh
# Process 1 of the host without systemd: what a minimal sysv-style system does
# for its logins. sshd registers them in /run/utmp because the file exists.
trap 'services /etc/rc0.d/K stop; exit 0' TERM

# services runs the scripts that a test has enabled with update-rc.d(8). The
# host starts Debian's own as it likes below, and D-Bus never.
services() {
	for script in "$1"??*; do
		case ${script##*/[SK]??} in
		atd | cron | dbus | hwclock.sh | ssh | sudo | '*') ;;
		*) "$script" "$2" </dev/null ;;
		esac
	done
}

install -m 664 -g utmp /dev/null /run/utmp
install -d /run/sshd /run/lock
cron
services /etc/rc2.d/S start
/usr/sbin/sshd # the last, since it tells that the host is up
sleep infinity &
while :; do wait; done

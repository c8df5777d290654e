# Runs as root in a fresh root file system: sh -eu, $1 is the suite's name.
# What differs from run to run (keys, names, addresses) is added at boot.

# People. Carol is in ops by her primary group, which only the passwd entry
# shows; bob as group(5) says; alice not at all; dave may become root.
groupadd -g 1100 ops
useradd -m -s /bin/bash -p '*' -u 1001 -U alice
useradd -m -s /bin/bash -p '*' -u 1002 -U -G ops bob
useradd -m -s /bin/bash -p '*' -u 1003 -g ops carol
useradd -m -s /bin/bash -p '*' -u 1004 -U -G sudo dave
echo 'dave ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/dave
chmod 440 /etc/sudoers.d/dave

# A login that comes just as the same person's last user manager is being
# stopped can hang for tens of seconds; one that lingers is never stopped.
mkdir -p /var/lib/systemd/linger
cd /var/lib/systemd/linger && touch root alice bob carol dave

# A screen on which a message is easy to find: a short prompt, no motd (files
# in /run/motd.d are still shown), no bracketed paste.
echo "PS1='\\$ '" >/etc/bash.bashrc
rm -f /home/*/.bashrc /root/.bashrc /etc/update-motd.d/*
: >/etc/motd
echo 'set enable-bracketed-paste off' >>/etc/inputrc

cat >/etc/ssh/sshd_config.d/lab.conf <<END
UseDNS no
MaxStartups 1000
MaxSessions 1000
PasswordAuthentication no
PermitRootLogin prohibit-password
PrintLastLog no
AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys
END
# From OpenSSH 9.8 on, all logins from an address that has failed wait.
if [ "$1" != bookworm ]; then
	echo 'PerSourcePenalties no' >>/etc/ssh/sshd_config.d/lab.conf
fi

# debootstrap's are the building machine's.
: >/etc/resolv.conf
echo localhost >/etc/hostname

rm -rf /var/lib/apt/lists/* /var/cache/apt/*.bin /var/cache/apt/archives/*.deb

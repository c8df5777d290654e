// Package lab boots four real hosts and gives tests real logins on them.
//
// A package that tests with it hands its TestMain over:
//
//	func TestMain(m *testing.M) { lab.Main(m) }
//
// and finds the hosts booted when its tests run: [D12] (Debian 12, utmp and
// logind), [D13] (Debian 13, logind and no utmp), [Plain] (Debian 12 without
// systemd, utmp alone) and [SID] (Debian sid, logind and no utmp).
// [Host.Login] is a person: an ssh client under a pty of its own, whose bytes
// are what that person sees. [Host.Exec] and [Host.Run] are root without a
// terminal, [Host.SSH] is a command over ssh.
//
// Main runs the test binary again in network, mount and pid namespaces of its
// own, and the hosts are containers in there. So the tests reach nothing but
// loopback and the hosts, see no terminal and no socket of the machine they
// run on, and whatever happens to them, the kernel ends and removes all of it.
// Only the hosts' root file systems are kept, in /var/cache/msg-lab or
// $MSG_LAB_CACHE (not below /run); the first run builds them with debootstrap,
// from $MSG_LAB_MIRROR where that is set, and it takes a minute or two.
//
// It takes root to do that. Without root Main says so and runs no test; as
// root, a lab that cannot be built or booted is a failure, never a skip.
package lab

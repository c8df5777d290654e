//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/lab"
)

// TestPush: a host without msg has msgd sent along, and keeps nothing of it.
func TestPush(t *testing.T) {
	onHosts(t)
	from := lab.D12
	for _, to := range []*lab.Host{lab.D13, lab.Plain} {
		alice := to.Login(t, "alice")
		to.Run(t, "mv", "/usr/local/bin/msg", "/root/msg.off")
		t.Cleanup(func() { to.Exec(t, "", "mv", "/root/msg.off", "/usr/local/bin/msg") })
		files := func() string {
			return to.Run(t, "sh", "-c", `find /run /dev/shm /tmp /var/tmp -name "msg-*" | sort`).Stdout
		}
		before := files()
		out := from.Exec(t, "", "msg", "--push", "alice@"+to.Name, "Pushed.")
		want := "msg: " + to.Name + ": had no msg; msgd was sent along, and nothing of it is left there\n"
		if out.Code != 0 || out.Stderr != want {
			t.Errorf("%+v, want %q", out, want)
		}
		if seen := alice.Sync(t); !strings.Contains(seen, "\r\nMessage from root@"+to.Name+" (says root@d12") {
			t.Errorf("alice saw %q", seen)
		}
		got(t, alice, "Pushed.")
		if after := files(); after != before {
			t.Errorf("%q was there, and is %q now", before, after)
		}
		if out := to.Exec(t, "", "pgrep", "-f", "msgd pushed|/proc/self/fd"); out.Code == 0 {
			t.Errorf("it still runs: %+v", out)
		}
		fails(t, from, 1, "msg is not installed there\nhint: install it there", "alice@"+to.Name, "hi")
		fails(t, from, 1, "--push needs a login as root", "--push", "alice@carol@"+to.Name, "hi")
		// Where nothing may be run in one directory, there is another.
		to.Run(t, "mount", "-o", "remount,noexec", "/run")
		t.Cleanup(func() { to.Exec(t, "", "mount", "-o", "remount,exec", "/run") })
		if out := from.Exec(t, "", "msg", "--json", "--push", "alice@"+to.Name, "Elsewhere."); out.Code != 0 ||
			!strings.Contains(out.Stdout, `{"event":"pushed","host":"`+to.Name+`"}`) {
			t.Errorf("%+v", out)
		}
		got(t, alice, "Elsewhere.")
	}
	account(t, lab.D13, "another", `echo '{"event":"push","machine":"aarch64","uid":0}'; cat >/dev/null`)
	fails(t, from, 1, "no msgd for its machine, aarch64, is at /usr/local/libexec/msgd-arm64 to send along\nhint: in msg's source, \"make install-push ARCH=arm64\"",
		"--push", "alice@another@d13", "hi")
	account(t, lab.D13, "greedy", `cat <&0 >/dev/null & while :; do echo '{"event":"push","machine":"x86_64","uid":0}'; done`)
	fails(t, from, 1, "it does not answer as msg does", "--push", "alice@greedy@d13", "hi")
}

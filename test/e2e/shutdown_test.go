//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// shutdowns runs a test on each host with systemd at the same time, where msg warns of
// shutdowns, and where none can happen.
func shutdowns(t *testing.T, test func(t *testing.T, h *lab.Host)) {
	atOnce(t, []*lab.Host{lab.D12, lab.D13}, func(t *testing.T, h *lab.Host) {
		// Each can be begun, and does nothing: where that fails, logind forgets its last word,
		// whose time is the same, if it has not been said yet.
		h.Run(t, "sh", "-c", "for target in reboot poweroff halt; do printf '[Unit]\nDefaultDependencies=no\n' >/run/systemd/system/$target.target; done; systemctl daemon-reload && systemctl -q enable --runtime --now msg-shutdown.path")
		t.Cleanup(func() {
			h.Run(t, "sh", "-c", "shutdown -c; systemctl -q disable --runtime --now msg-shutdown.path; rm -f /run/systemd/system/weekly-reboot.*; systemctl stop msg-shutdown.service; systemctl -q stop reboot.target poweroff.target halt.target; rm -f /run/systemd/system/reboot.target /run/systemd/system/poweroff.target /run/systemd/system/halt.target; systemctl daemon-reload")
		})
		test(t, h)
	})
}

// walls are logind's own warnings among what somebody saw.
func walls(seen string) int {
	return strings.Count(seen, "\nThe system will ") + strings.Count(seen, "\nSystem shutdown has been cancelled")
}

// TestShutdown: who came by ssh is warned once at each point: on Debian 13 by msg, on Debian
// 12 by logind, where msg warns those whom logind does not know of, and who has scheduled the
// shutdown, whom logind leaves out.
func TestShutdown(t *testing.T) {
	shutdowns(t, func(t *testing.T, h *lab.Host) {
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		people := []*lab.Login{alice, bob}
		editor := unregistered(t, h, "carol")
		root := h.Login(t, "root")
		const call = "busctl call org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager "
		root.Type(t, call+"SetWallMessage sb 'New kernel' true; "+call+"ScheduleShutdown st reboot $(( $(date +%s) + 70 ))000000\r")
		awaitOn(t, h, "grep -h TTY="+root.Terminal+" /run/systemd/shutdown/scheduled")
		time.Sleep(75 * time.Second)
		want := []string{"New kernel", "The system will reboot in some seconds", "New kernel", "The system will reboot in 1 minute", "New kernel", "The system will reboot now"}
		for _, l := range people {
			seen := l.Sync(t)
			lines := saidOfShutdown(seen)
			switch {
			case h.Utmp && (len(lines) > 0 || walls(seen) != 3):
				t.Errorf("%v saw %q", l, seen)
			case !h.Utmp && (!slices.Equal(lines, want) || walls(seen) != 0):
				t.Errorf("%v saw %q", l, seen)
			}
		}
		if seen := root.Sync(t); !slices.Equal(saidOfShutdown(seen), want) || walls(seen) != 0 {
			t.Errorf("root, who has scheduled it, saw %q", seen)
		}
		if lines := saidOfShutdown(editor()); !slices.Equal(lines, want) {
			t.Errorf("carol, whom logind does not know, saw %q", editor())
		}
	})
}

// saidOfShutdown are msg's lines, without the time of day, and without the seconds of the first.
func saidOfShutdown(seen string) []string {
	lines := body(seen)
	for i := range lines {
		lines[i] = regexp.MustCompile(` \d+ seconds`).ReplaceAllString(lines[i], " some seconds")
		lines[i] = regexp.MustCompile(`,? at \d\d:\d\d(:\d\d)?\.$`).ReplaceAllString(lines[i], "")
	}
	return lines
}

// unregistered is a terminal of somebody's that is in no register, as those of editors
// and emulators are; it returns what shows on it.
func unregistered(t *testing.T, h *lab.Host, user string) (seen func() string) {
	t.Helper()
	file := fmt.Sprintf("/tmp/unregistered-%s-%d", user, os.Getpid())
	t.Cleanup(func() {
		h.Run(t, "pkill", "-u", user, "-x", "sleep") // with which the terminal ends
		awaitOn(t, h, "pgrep -u "+user+" -x script >/dev/null || echo gone")
	})
	begins(t, h.Command(context.WithoutCancel(t.Context()), "setpriv", "--reuid", user, "--regid", "ops", "--init-groups",
		"script", "-qfec", "sleep 1000", file))
	awaitOn(t, h, "pgrep -u "+user+" -x sleep")
	return func() string { return h.Run(t, "cat", file).Stdout }
}

// TestShutdownCancelled: who has been warned hears of it; meanwhile, who logs in sees a
// notice. So far ahead logind does not warn at once, and msg warns everyone. This shutdown is the one of the example's unit.
func TestShutdownCancelled(t *testing.T) {
	shutdowns(t, func(t *testing.T, h *lab.Host) {
		h.Run(t, "cp", "/usr/local/share/doc/msg/examples/weekly-reboot.service", "/usr/local/share/doc/msg/examples/weekly-reboot.timer", "/run/systemd/system")
		h.Run(t, "systemd-analyze", "verify", "--man=no", "/run/systemd/system/weekly-reboot.timer", "/usr/local/lib/systemd/system/msg-shutdown.path")
		h.Run(t, "systemctl", "daemon-reload")
		alice := h.Login(t, "alice")
		h.Run(t, "systemctl", "start", "weekly-reboot.service")
		awaitOn(t, h, "cat /run/motd.d/*")
		bob := h.Login(t, "bob")
		if seen := bob.Greeting; !regexp.MustCompile(`Notice from root@` + h.Name + ` \(msg-shutdown.service\):\r\n\| Weekly reboot\r\n\| The system will reboot on \w+ \d+ \w+ at \d\d:\d\d\.\r\n`).MatchString(seen) {
			t.Errorf("bob saw %q", seen)
		}
		// Another one in its place is told as that, without the word that the first is cancelled.
		h.Run(t, "shutdown", "-h", "+30", "Power \u0007cut")
		awaitOn(t, h, "grep -h power /run/motd.d/*")
		h.Run(t, "shutdown", "-c")
		noNotices(t, h)
		awaitOn(t, h, "systemctl is-active msg-shutdown.service | grep inactive")
		seen := alice.Sync(t)
		lines := saidOfShutdown(seen)
		want := []string{"Weekly reboot", "The system will reboot in 1 hour", `Power ^Gcut`, "The system will power off in 30 minutes"}
		last := "The shutdown that was to be at "
		if len(lines) > 0 && strings.HasPrefix(lines[len(lines)-1], last) {
			lines[len(lines)-1] = last
		}
		if !h.Utmp {
			want = append(want, last)
		}
		if !slices.Equal(lines, want) || h.Utmp && strings.Count(seen, "System shutdown has been cancelled") != 1 {
			t.Errorf("alice saw %q", seen)
		}
	})
}

// TestShutdownSilent: shutdown --no-wall warns nobody, and tells nobody that it is cancelled.
func TestShutdownSilent(t *testing.T) {
	shutdowns(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		h.Run(t, "shutdown", "--no-wall", "-r", "+30", "Hush")
		awaitOn(t, h, "systemctl is-active msg-shutdown.service | grep -w active")
		time.Sleep(time.Second)
		h.Run(t, "shutdown", "-c")
		awaitOn(t, h, "systemctl is-active msg-shutdown.service | grep inactive")
		got(t, alice) // logind of Debian 12 says that it is cancelled
		h.Run(t, "shutdown", "-r", "+30", "Loud")
		alice.Expect(t, "| The system will reboot in 30 minutes")
		h.Run(t, "shutdown", "-c", "--no-wall")
		awaitOn(t, h, "systemctl is-active msg-shutdown.service | grep inactive")
		if lines := saidOfShutdown(alice.Sync(t)); !slices.Equal(lines, []string{"Loud", "The system will reboot in 30 minutes"}) {
			t.Errorf("alice has %q", lines)
		}
		if left := notices(t, h); left != "" {
			t.Errorf("there is %q", left)
		}
	})
}

// TestShutdownOften: however often shutdowns come and go, and whoever stops the service, the
// next one is told of.
func TestShutdownOften(t *testing.T) {
	shutdowns(t, func(t *testing.T, h *lab.Host) {
		for range 8 {
			h.Run(t, "sh", "-c", "shutdown -r +30 Often; sleep 0.2; shutdown -c")
		}
		h.Run(t, "shutdown", "-r", "+30", "Stopped")
		for range 8 {
			h.Run(t, "systemctl", "stop", "msg-shutdown.service")
		}
		h.Run(t, "sh", "-c", "shutdown -c; shutdown -r +40 Told")
		awaitOn(t, h, "grep -h Told /run/motd.d/*")
		if out := h.Run(t, "systemctl", "is-active", "msg-shutdown.path", "msg-shutdown.service"); out.Stdout != "active\nactive\n" {
			t.Errorf("%+v", out)
		}
	})
}

// TestShutdownNotice: by hand, where nothing is scheduled, and by others than root.
func TestShutdownNotice(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		if out := h.Exec(t, "", "msg", "shutdown-notice"); out.Code != 0 || out.Stderr != "msg: no shutdown is scheduled\n" {
			t.Errorf("%+v", out)
		}
		if out := says(t, h, "carol", "shutdown-notice"); out.Code != 2 || !strings.Contains(out.Stderr, "msg: only root may warn of a shutdown\nhint: ") {
			t.Errorf("%+v", out)
		}
	})
}

// TestShutdownWithoutBus: where logind cannot be asked whom it warns, everybody is warned;
// of a time that is over, nobody.
func TestShutdownWithoutBus(t *testing.T) {
	h := lab.Plain
	install(t, h)
	alice := h.Login(t, "alice")
	schedule := func(at string) {
		t.Helper()
		h.Run(t, "sh", "-c", "mkdir -p /run/systemd/shutdown; echo USEC=$(date -d '"+at+"' +%s)000000 >/run/systemd/new; echo MODE=halt >>/run/systemd/new; mv /run/systemd/new /run/systemd/shutdown/scheduled")
	}
	t.Cleanup(func() { h.Run(t, "rm", "-rf", "/run/systemd/shutdown") })
	schedule("-1 hour")
	notice := begins(t, h.Command(t.Context(), "msg", "shutdown-notice"))
	time.Sleep(2 * time.Second)
	schedule("+1 hour 10 minutes")
	alice.Expect(t, "| The system will halt in 1 hour 10 minutes")
	awaitOn(t, h, "cat /run/motd.d/*")
	h.Run(t, "rm", "/run/systemd/shutdown/scheduled")
	alice.Expect(t, " is cancelled.")
	if out := notice.ends(t); out.Code != 0 || out.Stderr != "" {
		t.Errorf("%+v", out)
	}
	if lines := body(alice.Sync(t)); len(lines) != 2 {
		t.Errorf("alice has %q", lines)
	}
	noNotices(t, h)
}

//go:build linux

package e2e_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// countdown begins a countdown of root's.
func countdown(t *testing.T, h *lab.Host, args ...string) *waiter {
	t.Helper()
	return begins(t, h.Command(t.Context(), append([]string{"msg", "countdown"}, args...)...))
}

// clockTime is what a warning ends with.
var clockTime = regexp.MustCompile(`,? at \d\d:\d\d(:\d\d)?$`)

// warned waits until all of these have come, and holds that nothing else has; without the
// time of day that they end with.
func warned(t *testing.T, l *lab.Login, want ...string) {
	t.Helper()
	for _, words := range want {
		l.Expect(t, "| "+words)
	}
	lines := body(l.Sync(t))
	for i := range lines {
		lines[i] = clockTime.ReplaceAllString(lines[i], "")
	}
	if !slices.Equal(lines, want) {
		t.Errorf("%v has %q, want %q", l, lines, want)
	}
}

// notices are the files that those who log in see.
func notices(t *testing.T, h *lab.Host) string {
	t.Helper()
	return h.Run(t, "sh", "-c", "mkdir -p /run/motd.d; cat /run/motd.d/* 2>/dev/null || true").Stdout
}

// noNotices waits until there is none.
func noNotices(t *testing.T, h *lab.Host) {
	t.Helper()
	awaitOn(t, h, "test -z \"$(ls /run/motd.d)\" && echo none")
}

// TestCountdown: everyone is warned at once and at each point, once; who logs in between two
// points sees the notice, and is warned at the next.
func TestCountdown(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		count := countdown(t, h, "-v", "--until", "+10s", "--at", "1h,7s,3s,0", "*", "Reboot for the \x1b[2Jnew kernel.")
		const text = "Reboot for the ^[[2Jnew kernel."
		alice.Expect(t, "in 7 seconds")
		carol := h.Login(t, "carol")
		if seen := carol.Greeting; !regexp.MustCompile(`Notice from root@` + h.Name + `[^:]*:\r\n\| ` + regexp.QuoteMeta(text) + `\r\n\| on \w+ \d+ \w+ at \d\d:\d\d\r\n`).MatchString(seen) {
			t.Errorf("carol saw %q", seen)
		}
		out := count.ends(t)
		warned(t, alice, text, "in 10 seconds", text, "in 7 seconds", text, "in 3 seconds", text, "now")
		warned(t, bob, text, "in 10 seconds", text, "in 7 seconds", text, "in 3 seconds", text, "now")
		warned(t, carol, text, "in 3 seconds", text, "now")
		if out.Code != 0 || out.Stderr != "" || strings.Count(out.Stdout, "sent to alice on "+alice.Terminal+"\n") != 4 || strings.Count(out.Stdout, "sent to carol") != 2 {
			t.Errorf("%+v", out)
		}
		if left := notices(t, h); left != "" {
			t.Errorf("after it there is %q", left)
		}
	})
}

// TestCountdownOfUsers: a user counts down by msgd, and leaves no notice.
func TestCountdownOfUsers(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		forget(t, h)
		alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
		alice.Type(t, "msg countdown -u +4s --at 2s bob,carol Tea; echo status $?\r")
		bob.Expect(t, "in 2 seconds")
		if left := notices(t, h); left != "" {
			t.Errorf("there is %q", left)
		}
		seen := alice.Expect(t, "status 1\r\n")
		warned(t, bob, "Tea", "in 4 seconds", "Tea", "in 2 seconds")
		for _, want := range []string{
			"msg: sends now and at ", "; Ctrl-C cancels it\r\n", "  in 4 seconds, at ", "  in 2 seconds, at ",
			"msg: carol: not logged in\r\n", "sent to bob on " + bob.Terminal + "\r\n",
		} {
			if !strings.Contains(seen, want) {
				t.Errorf("alice saw %q, which lacks %q", seen, want)
			}
		}
	})
}

// TestCountdownCancelled: SIGTERM and Ctrl-C send that it is cancelled, unless that is not
// wanted.
func TestCountdownCancelled(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice, root := h.Login(t, "alice"), h.Login(t, "root")
		for _, quiet := range []bool{false, true} {
			args := []string{"--until", "+1h", "--json", "alice", "Reboot."}
			want := []string{"Reboot.", "in 1 hour", "Reboot.", "cancelled; it was to be"}
			if quiet {
				args, want = append([]string{"--no-cancel"}, args...), want[:2]
			}
			alice.Mark()
			count := countdown(t, h, args...)
			alice.Expect(t, "in 1 hour")
			stop(t, h, "TERM")
			h.Exec(t, "", "pkill", "-HUP", "-x", "msg") // which comes with it when a session is ended; it may be over
			out := count.ends(t)
			warned(t, alice, want...)
			lines := strings.Split(strings.TrimSpace(out.Stdout), "\n")
			if out.Code != 130 || len(lines) != len(want)+1 || strings.Contains(out.Stdout, `"event":"cancelled"`) == quiet {
				t.Errorf("quiet %v: %+v", quiet, out)
			}
			var summary struct {
				Event             string
				Delivered, Failed int
			}
			if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Event != "summary" || summary.Delivered != len(want)/2 || summary.Failed != 0 {
				t.Errorf("%+v, %v", summary, err)
			}
		}
		alice.Mark()
		root.Type(t, "msg countdown -u +2h alice Reboot.; echo status $?\r")
		alice.Expect(t, "| Reboot.")
		root.Type(t, "\x03")
		root.Expect(t, "status 130\r\n")
		alice.Expect(t, "| cancelled; it was to be at ")
		noNotices(t, h)
	})
}

// stop sends a signal to the countdown on the host.
func stop(t *testing.T, h *lab.Host, signal string) {
	t.Helper()
	h.Run(t, "pkill", "-"+signal, "-x", "msg")
}

// TestCountdownStopped: a countdown that sleeps for longer than to a point loses no warning
// and repeats none.
func TestCountdownStopped(t *testing.T) {
	atOnce(t, lab.Hosts(), func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		// By ssh, as the lab's own way stops together with what it has started.
		count := waits(t, h, "root", "countdown", "--until", "+10s", "--at", "8s,7s,2s", "*", "Reboot.")
		alice.Expect(t, "in 10 seconds")
		stop(t, h, "STOP")
		time.Sleep(5 * time.Second)
		stop(t, h, "CONT")
		if out := count.ends(t); out.Code != 0 {
			t.Errorf("%+v", out)
		}
		lines := body(alice.Sync(t))
		if len(lines) != 6 || !regexp.MustCompile(`^in [345] seconds, `).MatchString(lines[3]) || !strings.HasPrefix(lines[5], "in 2 seconds, ") {
			t.Errorf("alice has %q", lines)
		}
	})
}

// TestCountdownStoppedOver: a notice goes at its time, also where the countdown is stopped.
func TestCountdownStoppedOver(t *testing.T) {
	h := lab.D12
	install(t, h)
	alice := h.Login(t, "alice")
	count := waits(t, h, "root", "countdown", "--until", "+4s", "--at", "3s,1s", "*", "Reboot.")
	alice.Expect(t, "in 3 seconds")
	stop(t, h, "STOP")
	if left := notices(t, h); !strings.Contains(left, "| Reboot.\n") {
		t.Errorf("there is %q", left)
	}
	noNotices(t, h)
	time.Sleep(time.Second) // it goes at the time, and what comes right then is "now"
	stop(t, h, "CONT")
	if out := count.ends(t); out.Code != 0 {
		t.Errorf("%+v", out)
	}
	if lines := body(alice.Sync(t)); len(lines) != 6 || !strings.HasPrefix(lines[5], "was due at ") {
		t.Errorf("alice has %q", lines)
	}
}

// TestCountdownStuck: a held terminal keeps no message from the others, and has the next one
// in place of those that it has not taken.
func TestCountdownStuck(t *testing.T) {
	h := lab.D13
	install(t, h)
	alice, bob := h.Login(t, "alice"), h.Login(t, "bob")
	alice.Hold(t)
	count := countdown(t, h, "--until", "+6s", "--at", "4s,2s,0", "alice,bob", "Reboot.")
	warned(t, bob, "Reboot.", "in 6 seconds", "Reboot.", "in 4 seconds", "Reboot.", "in 2 seconds")
	alice.Release(t)
	out := count.ends(t)
	stuck := "msg: alice on " + alice.Terminal + ": the terminal is stuck ("
	if out.Code != 1 || strings.Count(out.Stderr, stuck) < 2 || strings.Count(out.Stderr, "hint: ") != 1 || strings.Contains(out.Stderr, "interrupted") {
		t.Errorf("%+v", out)
	}
	if lines := body(alice.Sync(t)); len(lines) < 2 || !strings.HasPrefix(lines[len(lines)-1], "now, at ") {
		t.Errorf("alice has %q", lines)
	}
}

// TestCountdownKilled: no notice is left by a countdown that is killed; if what looks after
// the notice is killed, too, the next countdown removes it.
func TestCountdownKilled(t *testing.T) {
	onEach(t, func(t *testing.T, h *lab.Host) {
		alice := h.Login(t, "alice")
		count := countdown(t, h, "--until", "+1h", "*", "Killed.")
		alice.Expect(t, "in 1 hour")
		if left := notices(t, h); !strings.Contains(left, "| Killed.\n") {
			t.Errorf("there is %q", left)
		}
		stop(t, h, "KILL")
		count.ends(t)
		noNotices(t, h)

		alice.Mark()
		count = countdown(t, h, "--until", "+1h", "*", "Killed again.")
		alice.Expect(t, "in 1 hour")
		h.Run(t, "sh", "-c", "pkill -KILL -f msg-notic[e]; sleep 0.2")
		stop(t, h, "KILL")
		count.ends(t)
		if left := notices(t, h); !strings.Contains(left, "| Killed again.\n") {
			t.Errorf("there is %q: who looks after the notice was not killed", left)
		}
		if out := countdown(t, h, "--until", "+1s", "--at", "1h", "*", "Next.").ends(t); out.Code != 0 {
			t.Errorf("%+v", out)
		}
		if left := notices(t, h); left != "" {
			t.Errorf("there is %q", left)
		}
	})
}

// TestCountdownNoNotice: one is left for root's countdown to everyone alone.
func TestCountdownNoNotice(t *testing.T) {
	h := lab.D13
	install(t, h)
	alice := h.Login(t, "alice")
	for _, args := range [][]string{
		{"--no-notice", "*", "Text."},
		{"alice", "Text."},
		{"-x", "bob", "*", "Text."},
		{"*@d12,alice", "Text."},
	} {
		alice.Mark()
		count := countdown(t, h, append([]string{"-u", "+1h", "--no-cancel"}, args...)...)
		alice.Expect(t, "in 1 hour")
		if left := notices(t, h); left != "" {
			t.Errorf("%q leaves %q", args, left)
		}
		stop(t, h, "TERM")
		count.ends(t)
	}
	// A directory that is not root's alone gets none, and the warnings go out.
	h.Run(t, "sh", "-c", "rmdir /run/motd.d; install -d -o carol -m 755 /run/motd.d")
	alice.Mark()
	out := countdown(t, h, "-u", "+1s", "*", "Text.").ends(t)
	h.Run(t, "rmdir", "/run/motd.d")
	if out.Code != 0 || out.Stderr != "msg: no notice for who logs in later: /run/motd.d is no directory that root alone may change\n" {
		t.Errorf("%+v", out)
	}
	warned(t, alice, "Text.", "in 1 second")
}

// TestCountdownAcrossHosts: on other hosts it is said in which zone the time is.
func TestCountdownAcrossHosts(t *testing.T) {
	onHosts(t)
	alice, bob := lab.D13.Login(t, "alice"), lab.D12.Login(t, "bob")
	out := countdown(t, lab.D12, "-u", "+8s", "--at", "3s", "alice@d13,bob", "Power is cut.").ends(t)
	if out.Code != 0 || out.Stderr != "" {
		t.Errorf("%+v", out)
	}
	for _, l := range []*lab.Login{alice, bob} {
		lines := body(l.Sync(t))
		if len(lines) != 4 || !strings.HasPrefix(lines[1], "in 8 seconds, at ") || !strings.HasSuffix(strings.TrimSpace(lines[3]), " UTC") {
			t.Errorf("%v has %q", l, lines)
		}
	}
}

// TestCountdownOfUnits: at and systemd-run start countdowns; systemctl stop cancels one.
func TestCountdownOfUnits(t *testing.T) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		t.Run(h.Name, func(t *testing.T) {
			install(t, h)
			alice := h.Login(t, "alice")
			if out := h.Exec(t, "msg countdown --until +2s '*' 'By at.'\n", "at", "now"); out.Code != 0 {
				t.Fatal(out)
			}
			warned(t, alice, "By at.", "in 2 seconds")
			if seen := alice.Seen(); !strings.Contains(seen, "Broadcast message from root@"+h.Name+" (at) at ") {
				t.Errorf("alice saw %q", seen)
			}
			noNotices(t, h)
			alice.Mark()
			h.Run(t, "systemd-run", "--quiet", "--collect", "--unit=reboot-warning", "msg", "countdown", "--until", "+2h", "*", "By systemd.")
			alice.Expect(t, "| By systemd.")
			awaitOn(t, h, "grep -h 'By systemd' /run/motd.d/*")
			h.Run(t, "systemctl", "stop", "reboot-warning")
			alice.Expect(t, "| cancelled; it was to be at ")
			if seen := alice.Seen(); strings.Count(seen, "from root@"+h.Name+" (reboot-warning.service) at ") != 2 {
				t.Errorf("alice saw %q", seen)
			}
			noNotices(t, h)
		})
	}
}

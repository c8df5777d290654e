//go:build linux

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// number gives each plan a text of its own, and returns the texts.
func number(plans []plan.Plan) []string {
	texts := make([]string, len(plans))
	for i := range plans {
		texts[i] = fmt.Sprintf("No %d.", i)
		if plans[i].Input == nil {
			plans[i].Input = asks(texts[i])
		}
	}
	return texts
}

// TestAttackEnvironment: nothing in the environment makes the helper say, read or
// write anything else.
func TestAttackEnvironment(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		h.SSH(t, "carol", "sh", "-c", `mkdir -p ~/bait/bin; cd ~/bait
			mkfifo -m 666 fifo; cp /usr/share/zoneinfo/Pacific/Kiritimati zone 2>/dev/null || echo TZif >zone; echo >evil.so
			printf '#!/bin/sh\necho root:x:0:0::/:/bin/sh; touch ~/bait/ran\n' >bin/getent; chmod 755 bin/getent; cp bin/getent bin/msg
			touch -a -d '2001-01-01' zone evil.so bin/getent`)
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/home/carol/bait") })
		accessed := func() string {
			return h.Run(t, "sh", "-c", "stat -c '%n %X' /home/carol/bait/* /home/carol/bait/bin/*").Stdout
		}
		before, files := accessed(), untouched(t, h)
		const bait = "/home/carol/bait/"
		var plans []plan.Plan
		for _, env := range []string{
			"GODEBUG=gctrace=1,schedtrace=1,inittrace=1,clobberfree=1,invalidptr=1,execwait=2,madvdontneed=1",
			"GODEBUG=panicnil=1,execerrdot=0,asynctimerchan=1,netdns=cgo+9,multipathtcp=1",
			"GOTRACEBACK=crash", "GOGC=1", "GOGC=off", "GOMEMLIMIT=1", "GOMAXPROCS=1", "GOMAXPROCS=500",
			"GOCOVERDIR=" + bait, "GORACE=log_path=" + bait + "race", "GOROOT=" + bait,
			"LD_PRELOAD=" + bait + "evil.so", "LD_LIBRARY_PATH=" + bait, "LD_AUDIT=" + bait + "evil.so", "LD_DEBUG_OUTPUT=" + bait + "ld LD_DEBUG=all",
			"PATH=" + bait + "bin", "HOME=/root", "TMPDIR=" + bait, "TZ=:" + bait + "zone", "TZ=" + bait + "fifo",
			"ZONEINFO=" + bait + "zone TZ=Pacific/Kiritimati", "TZ=UTC+11", "LOCALDOMAIN=x RES_OPTIONS=debug", "GETCONF_DIR=" + bait,
			"USER=root LOGNAME=root SUDO_USER=root SUDO_UID=0 SUDO_GID=0 SUDO_COMMAND=x", "SSH_CONNECTION=10.0.0.5 1 10.0.0.6 22 SSH_TTY=/dev/pts/0",
			"XDG_SESSION_ID=1 XDG_RUNTIME_DIR=" + bait, "DBUS_SYSTEM_BUS_ADDRESS=unix:path=" + bait + "fifo DBUS_SESSION_BUS_ADDRESS=unixexec:path=" + bait + "bin/getent",
			"MSG_CONFIG=" + bait + "zone MSG_DIR=" + bait + " MSG_HELPER=x MSG_UID=0", "NOTIFY_SOCKET=" + bait + "fifo LISTEN_FDS=3",
			"SHELL=" + bait + "bin/getent", "=", "A=" + strings.Repeat("x", 100_000), "no equals sign",
		} {
			p := plan.Plan{Env: strings.Split(env, " "), Dir: bait}
			plans = append(plans, p)
		}
		texts := number(plans)
		// A name that is not in a file has getent asked, which has no more of it.
		plans[0].Input = []plan.Piece{{Data: request(texts[0], map[string]any{"targets": []string{"bob", "nobody-there"}})}}
		outcomes := play(t, h, "carol", "play", plans...)
		now := h.Run(t, "date", "+%s").Stdout
		seen := bob.Sync(t)
		if n := honest(t, bob, "carol", texts, outcomes); n != len(plans) {
			t.Errorf("%s: bob got %d messages of %d", h.Name, n, len(plans))
		}
		checkTimes(t, h, seen, now)
		if after := accessed(); after != before {
			t.Errorf("%s: files were read: %s, before %s", h.Name, after, before)
		}
		files()
	})
}

// checkTimes holds that banners have the host's own time, a minute more or less.
func checkTimes(t *testing.T, h *lab.Host, seen, now string) {
	t.Helper()
	right := map[string]bool{}
	for minute := range 4 {
		at := h.Run(t, "date", "-d", fmt.Sprintf("@%d", seconds(t, now)-int64(minute)*60), "+%H:%M").Stdout
		right[strings.TrimSpace(at)] = true
	}
	for row := range strings.SplitSeq(seen, "\r\n") {
		if _, at, ok := strings.Cut(row, "@"+h.Name+" at "); ok && !right[at[:5]] {
			t.Errorf("%s: %q, and it is %v", h.Name, row, right)
		}
	}
}

func seconds(t *testing.T, number string) int64 {
	t.Helper()
	var v int64
	if _, err := fmt.Sscan(number, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// TestAttackArguments: there is no argument that it takes, and no name that it has.
func TestAttackArguments(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		plans := []plan.Plan{
			{NoArgv: true},
			{Argv: []string{""}},
			{Argv: []string{"cron"}},
			{Argv: []string{"/usr/sbin/cron"}},
			{Argv: []string{"-bash"}},
			{Argv: []string{"\x1b]0;x\a\n"}},
			{Argv: []string{strings.Repeat("x", 100_000)}},
		}
		good := len(plans)
		for _, arg := range []string{"", "--help", "-test.v", "bob", "\x1b[2J"} {
			plans = append(plans, plan.Plan{Argv: []string{helper, arg}})
		}
		texts := number(plans)
		outcomes := play(t, h, "carol", "play", plans...)
		if n := honest(t, bob, "carol", texts, outcomes); n != good {
			t.Errorf("%s: bob got %d messages, want %d", h.Name, n, good)
		}
		for _, o := range outcomes[good:] {
			if o.Exit != 1 || len(o.Lines) > 1 || !strings.Contains(o.Stderr, "is started by msg(1)") || strings.Contains(o.Stderr, "\x1b") {
				t.Errorf("%s: with an argument: %+v", h.Name, o)
			}
		}
	})
}

// TestAttackDescriptors starts it with descriptors that are closed, or that are
// something odd.
func TestAttackDescriptors(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		files := untouched(t, h)
		var plans []plan.Plan
		for set := range 8 {
			var p plan.Plan
			for fd := range 3 {
				if set&(1<<fd) != 0 {
					p.Close = append(p.Close, fd)
				}
			}
			plans = append(plans, p)
		}
		for fd := range 3 {
			for _, file := range []string{"/", "/dev/full", "/dev/null", "/dev/zero", "/dev/" + carol.Terminal, "socket", "/proc/self/mem"} {
				plans = append(plans, plan.Plan{Open: map[int]string{fd: file}})
			}
		}
		plans = append(plans,
			plan.Plan{Open: map[int]string{3: "/", 9: "/dev/zero", 200: "socket"}},
			plan.Plan{Output: "closed", Early: true},
		)
		for i := range plans {
			plans[i].Early = true // without a descriptor for it there is no hello
			plans[i].StayAfter = true
			plans[i].Patience = 15 * time.Second
		}
		texts := number(plans)
		outcomes := play(t, h, "carol", "together", plans...)
		came := map[string]int{}
		for _, m := range messages(t, bob) {
			came[m.text]++
			if m.banner != "carol@"+h.Name {
				t.Errorf("%s: %q comes from %q", h.Name, m.text, m.banner)
			}
		}
		for i, p := range plans {
			n, said := came[texts[i]], reported(t, outcomes[i], bob.Terminal)
			answers := p.Output == "" && p.Open[1] == "" && !contains(p.Close, 1)
			if n > 1 || said > n || answers && n != said {
				t.Errorf("%s: %v: %d came, and %d were reported: %+v", h.Name, p, n, said, outcomes[i])
			}
			if hears := p.Open[0] == "" && !contains(p.Close, 0); hears && n != 1 || !hears && n != 0 {
				t.Errorf("%s: %v: %d came: %+v", h.Name, p, n, outcomes[i])
			}
		}
		if seen := carol.Sync(t); strings.Contains(seen, "\x1b") {
			t.Errorf("carol saw %q", seen)
		}
		files()
	})
}

func contains(all []int, one int) bool {
	for _, v := range all {
		if v == one {
			return true
		}
	}
	return false
}

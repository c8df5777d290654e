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

// TestAttackCounts: carol can do nothing to the counts herself.
func TestAttackCounts(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		plans := make([]plan.Plan, 1)
		honest(t, bob, "carol", number(plans), play(t, h, "carol", "play", plans...))
		list := func() string {
			return h.Run(t, "sh", "-c", "ls -lA --time-style=full-iso /run/msg /run/msg/rate").Stdout
		}
		uid := strings.TrimSpace(h.SSH(t, "carol", "id", "-u").Stdout)
		before := list()
		if !strings.Contains(before, " "+uid+"\n") {
			t.Errorf("%s: she has no count: %s", h.Name, before)
		}
		var script strings.Builder
		for _, try := range []string{
			"ls /run/msg/rate", "cd /run/msg/rate", "cat /run/msg/rate/$(id -u)", "touch /run/msg/rate/x", "touch /run/msg/x", "rm -f /run/msg/rate/$(id -u)",
			"touch -d 2001-01-01 /run/msg/rate/$(id -u)", "mv /run/msg/rate/$(id -u) /tmp/x", "mv /run/msg/rate /run/msg/x", "mv /run/msg /tmp/x", "rmdir /run/msg/rate",
			"ln -s /etc/passwd /run/msg/rate/0", "chmod 777 /run/msg/rate/$(id -u)", "ln /run/msg/rate/$(id -u) /tmp/x", "truncate -s 1 /run/msg/rate/$(id -u)", "chown $(id -u) /run/msg",
		} {
			fmt.Fprintf(&script, "if (%s) >/dev/null 2>&1; then echo '%s'; fi\n", try, try)
		}
		if out := h.SSH(t, "carol", "sh", "-c", script.String()); out.Stdout != "" {
			t.Errorf("%s: carol may %s", h.Name, out.Stdout)
		}
		if after := list(); after != before {
			t.Errorf("%s: the counts were %s and are %s", h.Name, before, after)
		}
	})
}

// TestAttackCountsElsewhere has root make the place for counts in a way that
// somebody else could get at: nothing is counted there, nothing elsewhere changes,
// and messages go one at a time.
func TestAttackCountsElsewhere(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 600\n' >/etc/msg/msg.toml") // waits 0.1 s
		t.Cleanup(func() {
			h.Run(t, "sh", "-c", "rm -rf /etc/msg /run/msg/rate /run/victim /home/carol/rate; install -d -m 700 -o msg -g msg /run/msg/rate")
		})
		uid := strings.TrimSpace(h.SSH(t, "carol", "id", "-u").Stdout)
		for i, how := range []string{
			"mkdir -m 700 /home/carol/rate; chown carol /home/carol/rate; ln -s /home/carol/rate /run/msg/rate",
			"mkdir -m 700 /home/carol/rate; chown msg:msg /home/carol/rate; ln -s /home/carol/rate /run/msg/rate",
			"mkdir -m 777 /run/msg/rate; chown msg:msg /run/msg/rate",
			"mkdir -m 701 /run/msg/rate; chown msg:msg /run/msg/rate",
			"mkdir -m 770 /run/msg/rate; chown msg:ops /run/msg/rate",
			"mkdir -m 770 /run/msg/rate; chown carol:msg /run/msg/rate",
			"mkdir -m 770 /run/msg/rate; chown root:msg /run/msg/rate",
			"mkdir -m 700 /run/msg/rate",
			"mkfifo -m 666 /run/msg/rate",
			"GOOD; ln -s /run/victim/file /run/msg/rate/UID",
			"GOOD; ln -s /run/victim/new /run/msg/rate/UID",
			"GOOD; ln /run/victim/hers /run/msg/rate/UID",
			"GOOD; mkfifo -m 666 /run/msg/rate/UID",
			"GOOD; mkdir -m 777 /run/msg/rate/UID",
			"GOOD; mknod /run/msg/rate/UID c 1 3; chown carol /run/msg/rate/UID",
			"GOOD; touch /run/msg/rate/UID; chmod 666 /run/msg/rate/UID",
		} {
			how = strings.ReplaceAll(how, "GOOD", "install -d -m 700 -o msg -g msg /run/msg/rate")
			how = strings.ReplaceAll(how, "UID", uid)
			h.Run(t, "sh", "-c", "rm -rf /run/msg/rate /run/victim /home/carol/rate; mkdir -m 777 /run/victim; echo x >/run/victim/file; echo x >/run/victim/hers; chown carol /run/victim/hers; "+how)
			look := func() string {
				return h.Run(t, "sh", "-c", "cd /run; find -L victim/ msg/ -printf '%p %i %m %u %s %T@\n' 2>/dev/null | grep -v '^msg/rate ' | sort").Stdout
			}
			before := look()
			plans := []plan.Plan{{Input: asks(fmt.Sprintf("Place %d.", i))}}
			o := play(t, h, "carol", "play", plans...)
			if n := honest(t, bob, "carol", []string{fmt.Sprintf("Place %d.", i)}, o); n != 1 || !strings.Contains(strings.Join(o[0].Lines, ""), "nowhere to count messages") {
				t.Errorf("%s: %s: bob got %d messages: %+v", h.Name, how, n, o)
			}
			if after := look(); after != before {
				t.Errorf("%s: %s: it was %s and is %s", h.Name, how, before, after)
			}
		}
	})
}

// TestAttackTogether: of forty messages at once, thirty get through, and carol is told about each
// of the others. Some stop in the middle of their request: nobody else is held up.
func TestAttackTogether(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		plans := make([]plan.Plan, 40)
		texts := number(plans)
		begun := time.Now()
		outcomes := play(t, h, "carol", "together", plans...)
		n := honest(t, bob, "carol", texts, outcomes)
		if most := 30 + int(time.Since(begun)/(3*time.Second)); n < 30 || n > most {
			t.Errorf("%s: bob got %d messages, want 30 to %d", h.Name, n, most)
		}
		for i, o := range outcomes {
			if last(t, o).Event == "" {
				t.Errorf("%s: message %d ended without a word: %+v", h.Name, i, o)
			}
		}
		forget(t, h)
		plans = make([]plan.Plan, 40)
		number(plans)
		for i := range plans {
			if i%4 == 0 {
				whole := plans[i].Input[0].Data
				plans[i].Input = []plan.Piece{{Data: whole[:10], Pause: 1200 * time.Millisecond}, {Data: whole[10:]}}
			}
		}
		begun = time.Now()
		done := make(chan []plan.Outcome, 1)
		go func() { done <- play(t, h, "carol", "together", plans...) }()
		awaitOn(t, h, "pgrep -o -x msgd-judge")
		soon(t, h, "alice", "From alice.")
		outcomes = <-done
		fromAlice, fromCarol := 0, 0
		for _, m := range messages(t, bob) {
			switch {
			case m.text == "From alice.":
				fromAlice++
			case m.banner == "carol@"+h.Name:
				fromCarol++
			}
		}
		said := 0
		for _, o := range outcomes {
			said += reported(t, o, bob.Terminal)
		}
		if most := 30 + int(time.Since(begun)/(3*time.Second)); fromAlice != 1 || fromCarol != said || fromCarol > most {
			t.Errorf("%s: bob got %d from alice and %d from carol, who was told of %d; at most %d", h.Name, fromAlice, fromCarol, said, most)
		}
	})
}

// soon has a user who has just started msg on the host send to bob, and checks that it takes less
// than a second.
func soon(t *testing.T, h *lab.Host, user, text string) {
	t.Helper()
	if took := sends(t, h, user, text); took > time.Second {
		t.Errorf("%s: the message of %s took %v", h.Name, user, took)
	}
}

// sends has a user send to bob, in silence, and returns how long msg has taken. A login over ssh
// would be in that time, too.
func sends(t *testing.T, h *lab.Host, user, text string) time.Duration {
	t.Helper()
	begun := time.Now()
	out := h.Exec(t, "", "setpriv", "--reuid", user, "--regid", user, "--init-groups", "msg", "bob", text)
	took := time.Since(begun)
	if out != (lab.Output{}) {
		t.Errorf("%s: %s sends: %+v", h.Name, user, out)
	}
	return took
}

//go:build linux

package e2e_test

import (
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackWithoutRights starts it so that the kernel gives it no rights, because
// somebody could reach into it otherwise; and as a copy. Then it has none, says so,
// and reaches carol's own terminal alone.
func TestAttackWithoutRights(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		h.SSH(t, "carol", "sh", "-c", "mkdir -p ~/own; cp "+helper+" ~/own/copy; chmod 2755 ~/own/copy; cp /usr/local/bin/msg ~/own/msg")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/home/carol/own") })
		plans := []plan.Plan{{Trace: true}, {NoNewPrivs: true}, {Path: "/home/carol/own/copy"}}
		if h.Exec(t, "", "setpriv", "--reuid", "carol", "--regid", "ops", "--clear-groups", "unshare", "--user", "true").Code == 0 {
			plans = append(plans, plan.Plan{UserNamespace: true})
		} else {
			t.Logf("%s lets carol make no user namespace", h.Name)
		}
		for i := range plans {
			plans[i].Input = []plan.Piece{{Data: request("No rights.", map[string]any{"targets": []string{"bob", "carol"}})}}
		}
		for i, o := range play(t, h, "carol", "play", plans...) {
			all := events(t, o)
			if len(all) == 0 || all[0].Event != "hello" || all[0].Privileged || reported(t, o, bob.Terminal) != 0 {
				t.Errorf("%s: %v: %+v", h.Name, plans[i], o)
			}
			if why := reasons(t, o); !plans[i].UserNamespace && (len(why) != 1 || why[0] != "denied" || reported(t, o, carol.Terminal) != 1) {
				t.Errorf("%s: %v: %+v", h.Name, plans[i], o)
			}
		}
		got(t, bob)
		if n := len(messages(t, carol)); n < 3 {
			t.Errorf("%s: carol got %d messages", h.Name, n)
		}
	})
}

// TestAttackLinks: the kernel keeps carol from making a hard link to it, which would
// outlive an update; by a link or from elsewhere it is the same program.
func TestAttackLinks(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		h.SSH(t, "carol", "sh", "-c", "mkdir -p ~/own; ln -sf "+helper+" ~/own/cron")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/home/carol/own") })
		if h.Run(t, "cat", "/proc/sys/fs/protected_hardlinks").Stdout == "1\n" {
			out := h.SSH(t, "carol", "sh", "-c", "ln "+helper+" ~/own/hard 2>&1; ls ~/own")
			if strings.Contains(out.Stdout, "\nhard") || !strings.Contains(out.Stdout, "ln: ") {
				t.Errorf("%s: a hard link: %+v", h.Name, out)
			}
		}
		plans := []plan.Plan{{Path: "/home/carol/own/cron", Argv: []string{"cron"}, Dir: "/"}, {Path: "/proc/self/cwd/msg-helper", Dir: "/usr/local/libexec"}}
		texts := number(plans)
		if n := honest(t, bob, "carol", texts, play(t, h, "carol", "play", plans...)); n != len(plans) {
			t.Errorf("%s: bob got %d messages", h.Name, n)
		}
	})
}

// TestAttackTerminals names terminals in every way. Only what is listed in /dev is
// one, and only those with messages on get any.
func TestAttackTerminals(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		h.SSH(t, "carol", "sh", "-c", "mkdir -p ~/own; cd ~/own; ln -sf /dev/"+bob.Terminal+" x; ln -sf /dev/"+bob.Terminal+" 9; ln /dev/"+bob.Terminal+" y 2>/dev/null; true")
		t.Cleanup(func() { h.Run(t, "rm", "-rf", "/home/carol/own") })
		aim := func(target string) plan.Plan {
			return plan.Plan{Input: []plan.Piece{{Data: request("Aimed.", map[string]any{"targets": []string{target}})}}}
		}
		bob.Type(t, "chmod g-w $(tty)\r")
		bob.Expect(t, "chmod g-w $(tty)\r\n$ ")
		bob.Mark()
		for _, o := range play(t, h, "carol", "play", aim(bob.Terminal), aim("/dev/"+bob.Terminal), aim("tty:"+bob.Terminal), aim("bob")) {
			if all := reasons(t, o); len(all) != 1 || all[0] != "messages-off" {
				t.Errorf("%s: with messages off: %+v", h.Name, o)
			}
		}
		got(t, bob)
		bob.Type(t, "chmod g+w $(tty)\r")
		bob.Expect(t, "chmod g+w $(tty)\r\n$ ")
		bob.Mark()
		names := []string{
			"/home/carol/own/x", "/tmp/x", "/home/carol/own/9", "/home/carol/own/y", "tty:/home/carol/own/9", "/dev/console", "/dev/tty", "/dev/tty0", "/dev/null",
			"/dev/ptmx", "/dev/pts/ptmx", "tty0", "tty1", "ttyS0", "ttyS00", "tty1000", "pts/0000" + strings.TrimPrefix(bob.Terminal, "pts/"), "pts/4095", "hvc0", "/dev/fd/0", "/proc/self/fd/0",
		}
		var plans []plan.Plan
		for _, name := range names {
			plans = append(plans, aim(name))
		}
		for i, o := range play(t, h, "carol", "play", plans...) {
			if last(t, o).Event == "" || strings.Contains(strings.Join(o.Lines, ""), `"delivered"`) && !strings.HasPrefix(names[i], "tty") {
				t.Errorf("%s: %s: %+v", h.Name, names[i], o)
			}
		}
		got(t, bob)
		play(t, h, "carol", "play", aim("/dev/"+bob.Terminal))
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+h.Name {
			t.Errorf("%s: bob got %+v", h.Name, all)
		}
	})
}

// TestAttackSwap: while the helper asks getent, which takes long, a terminal is
// closed and another user gets one of the same number; another has its messages
// switched off.
func TestAttackSwap(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		getent(t, h, "#!/bin/sh\ntouch /run/asked 2>/dev/null\n: >/tmp/asked\nwhile [ -e /tmp/wait ]; do sleep 0.05; done\nexit 2\n")
		h.Run(t, "sh", "-c", "rm -f /tmp/asked; touch /tmp/wait")
		t.Cleanup(func() { h.Run(t, "rm", "-f", "/tmp/asked", "/tmp/wait") })
		bob, first := h.Login(t, "bob"), h.Login(t, "dave")
		targets := map[string]any{"targets": []string{first.Terminal, bob.Terminal, "nobody-there"}}
		end := begin(t, h, plan.Plan{Input: []plan.Piece{{Data: request("Swapped.", targets)}}})
		awaitOn(t, h, "ls /tmp/asked 2>/dev/null")
		first.Close(t)
		alice := h.Login(t, "alice")
		bob.Type(t, "chmod g-w $(tty)\r")
		bob.Expect(t, "chmod g-w $(tty)\r\n$ ")
		bob.Mark()
		h.Run(t, "rm", "/tmp/wait")
		o := end()
		if alice.Terminal != first.Terminal {
			t.Errorf("%s: the attack failed: %v, %v", h.Name, first, alice)
		}
		all := map[string]string{}
		for _, e := range events(t, o) {
			all[e.Terminal] = e.Reason
		}
		if all[first.Terminal] != "owner-changed" || all[bob.Terminal] != "messages-off" {
			t.Errorf("%s: %+v", h.Name, o)
		}
		got(t, alice)
		got(t, bob)
	})
}

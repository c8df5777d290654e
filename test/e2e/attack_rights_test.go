//go:build linux

package e2e_test

import (
	"slices"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackWithoutRights: a process that can gain no rights, is traced, or is root in namespaces
// of its own sends like any other of carol's. It gets no more than these.
func TestAttackWithoutRights(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob, off := h.Login(t, "bob"), messagesOff(t, h, "dave")
		plans := []plan.Plan{{}, {Trace: true}, {NoNewPrivs: true}, {NoNewPrivs: true, Trace: true}}
		if h.SSH(t, "carol", "unshare", "--user", "true").Code == 0 {
			plans = append(plans, plan.Plan{UserNamespace: true}, plan.Plan{PIDNamespace: true}, plan.Plan{PIDNamespace: true, NoNewPrivs: true, Trace: true})
		} else {
			t.Logf("%s lets carol make no user namespace", h.Name)
		}
		for i := range plans {
			plans[i].Input = []plan.Piece{{Data: request("As ever.", map[string]any{"targets": []string{"bob", "dave", "*"}})}}
		}
		for i, o := range play(t, h, "carol", "play", plans...) {
			if why := reasons(t, o); reported(t, o, bob.Terminal) != 1 || !slices.Equal(slices.Sorted(slices.Values(why)), []string{"denied", "messages-off"}) {
				t.Errorf("%s: %v: %+v", h.Name, plans[i], o)
			}
		}
		all := messages(t, bob)
		for _, m := range all {
			if m.banner != "carol@"+h.Name {
				t.Errorf("%s: bob got a message from %q", h.Name, m.banner)
			}
		}
		if len(all) != len(plans) {
			t.Errorf("%s: bob got %d messages of %d", h.Name, len(all), len(plans))
		}
		got(t, off)
	})
}

// TestAttackContainer: root of a process namespace, which is what root of a container is, is judged
// as a user. Root of the host is not.
func TestAttackContainer(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := messagesOff(t, h, "bob")
		var out []plan.Outcome
		order := []plan.Plan{{Input: asks("From a container.")}}
		askAs(t, h, order, &out, "unshare", "--pid", "--fork", "--mount-proc", "/usr/local/bin/attacker", "play")
		if why := reasons(t, out[0]); !slices.Equal(why, []string{"messages-off"}) {
			t.Errorf("%s: %+v", h.Name, out)
		}
		got(t, bob)
		order[0].Input = asks("From the host.")
		askAs(t, h, order, &out, "/usr/local/bin/attacker", "play")
		if reported(t, out[0], bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, out)
		}
		got(t, bob, "From the host.")
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

// TestAttackSwap: while msgd asks getent, which takes long, a terminal is closed and another user
// gets one of the same number. Another terminal has its messages switched off.
func TestAttackSwap(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		// A place where getent, as the account msg, may write from within msgd's sandbox.
		getent(t, h, "#!/bin/sh\n: >/run/msg/rate/asked\nwhile [ -e /run/msg/rate/wait ]; do sleep 0.05; done\nexit 2\n")
		h.Run(t, "sh", "-c", "rm -f /run/msg/rate/asked; touch /run/msg/rate/wait")
		t.Cleanup(func() { h.Run(t, "rm", "-f", "/run/msg/rate/asked", "/run/msg/rate/wait") })
		bob, first := h.Login(t, "bob"), h.Login(t, "dave")
		targets := map[string]any{"targets": []string{first.Terminal, bob.Terminal, "nobody-there"}}
		end := begin(t, h, plan.Plan{Input: []plan.Piece{{Data: request("Swapped.", targets)}}})
		awaitOn(t, h, "ls /run/msg/rate/asked 2>/dev/null")
		first.Close(t)
		alice := h.Login(t, "alice")
		bob.Type(t, "chmod g-w $(tty)\r")
		bob.Expect(t, "chmod g-w $(tty)\r\n$ ")
		bob.Mark()
		h.Run(t, "rm", "/run/msg/rate/wait")
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

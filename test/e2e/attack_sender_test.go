//go:build linux

package e2e_test

import (
	"strconv"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackLoginUID has carol claim another's login uid, where none is set yet, and
// be started by a process that calls itself cron.
func TestAttackLoginUID(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		h.Login(t, "root") // has a terminal of root's to be mistaken for hers
		carol := strings.Fields(h.SSH(t, "carol", "sh", "-c", "id -u; id -g").Stdout)
		kept := h.Exec(t, "", "test", "-e", "/proc/self/loginuid").Code == 0
		if !kept {
			t.Logf("%s: the kernel keeps no login uid", h.Name)
		}
		for _, login := range []string{"0", "1001", carol[0]} {
			for _, p := range []plan.Plan{{}, {Setsid: true}, {Setsid: true, OwnTerminal: true}, {Orphan: true}, {Setsid: true, OwnTerminal: true, Orphan: true}} {
				p.Input = asks("Claimed.")
				var out []plan.Outcome
				askAs(t, h, []plan.Plan{p}, &out, "setpriv", "--reuid", carol[0], "--regid", carol[1], "--clear-groups", "/usr/local/bin/attacker", "become", login)
				all := messages(t, bob)
				if len(all) != 1 || out[0].Failed != "" {
					t.Errorf("%s: %v: bob got %v: %+v", h.Name, p, all, out)
					continue
				}
				want := "carol@" + h.Name
				if on, ok := strings.CutPrefix(all[0].banner, want+" on pts/"); p.OwnTerminal && !p.Orphan && ok && strings.Trim(on, "0123456789") == "" {
					continue
				}
				if all[0].banner != want {
					t.Errorf("%s: login uid %s, %v: bob got it from %q", h.Name, login, p, all[0].banner)
				}
			}
		}
	})
}

// TestAttackSays: what she says of herself is shown, and marked as what she says.
func TestAttackSays(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		var plans []plan.Plan
		var want []string
		from := "" // where she has come from is not hers to say
		if h.Logind {
			from = ", from 10.88.0.1"
		}
		for _, says := range []string{"root@d13", "root", "cron", "root@" + h.Name + "-on-pts-1", "ro\u043et", "\u05d0\u05d1"} {
			plans = append(plans, plan.Plan{Input: []plan.Piece{{Data: request("hi", map[string]any{"says": says})}}})
			want = append(want, "carol@"+h.Name+" (says "+says+from+")")
		}
		play(t, h, "carol", "play", plans...)
		all := messages(t, bob)
		for i, m := range all {
			if i >= len(want) || m.banner != want[i] {
				t.Errorf("%s: from %q, want %q", h.Name, m.banner, want)
			}
		}
		if len(all) != len(want) {
			t.Errorf("%s: bob got %v", h.Name, all)
		}
	})
}

// TestAttackDisplay has carol write keys of her own into logind's file of her session, as the
// name of a display. The banner must not tell what she wrote, nor the list.
func TestAttackDisplay(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		if !h.Logind {
			return // nobody keeps files of sessions
		}
		bob := h.Login(t, "bob")
		text := "x\nREMOTE_HOST=evil\nUID=1002\nTTY=" + bob.Terminal + "\nCLASS=greeter\n"
		order := []plan.Plan{{Input: []plan.Piece{{Data: request("hi", map[string]any{"says": "me"})}}}}
		var o []plan.Outcome
		ask(t, h, "carol", order, &o, "display", text)
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+h.Name+" (says me)" {
			t.Errorf("%s: bob got %+v: %+v", h.Name, all, o)
		}
		cmd := h.SSHCommand(t.Context(), "carol", "attacker", "display", text+"DESKTOP=2\n")
		stdin, err := cmd.StdinPipe() // plans that do not come
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { stdin.Close(); _ = cmd.Process.Kill(); _ = cmd.Wait() })
		h.Run(t, "sh", "-c", "until grep -q ^DESKTOP=2 /run/systemd/sessions/*[!f]; do sleep 0.05; done")
		if all := sessionsOf(t, h, "bob"); len(all) != 1 || all[0].Terminal != bob.Terminal || all[0].Session != bob.Session {
			t.Errorf("%s: bob is %+v", h.Name, all)
		}
	})
}

// TestAttackPretendedTerminal has carol make a terminal in namespaces of her own,
// which has the number of one of root's, and have it for her controlling terminal.
// The banner must not name root's.
func TestAttackPretendedTerminal(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob, root := h.Login(t, "bob"), h.Login(t, "root")
		needsNamespaces(t, h)
		n, err := strconv.Atoi(strings.TrimPrefix(root.Terminal, "pts/"))
		if err != nil {
			t.Fatal(err)
		}
		order := struct {
			Plan   plan.Plan
			Number int
		}{plan.Plan{Input: asks("Pretended.")}, n}
		var o plan.Outcome
		ask(t, h, "carol", order, &o, "pretend")
		all := messages(t, bob)
		if len(all) != 1 || all[0].banner != "carol@"+h.Name {
			t.Errorf("%s: root is on %s, and bob got %+v: %+v", h.Name, root.Terminal, all, o)
		}
	})
}

// TestAttackOwnGroups has carol's service manager run it in control groups that are
// named as a system service's.
func TestAttackOwnGroups(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		if !h.Logind {
			return // no service manager, and no groups of hers
		}
		bob := h.Login(t, "bob")
		out := h.SSH(t, "carol", "sh", "-c", `export XDG_RUNTIME_DIR=/run/user/$(id -u)
			exec systemd-run --user --scope --quiet --slice=system-cron.slice --unit=cron.service.scope msg bob 'From a unit.'`)
		if out.Code != 0 {
			t.Fatalf("%s: %+v", h.Name, out)
		}
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+h.Name {
			t.Errorf("%s: bob got %+v", h.Name, all)
		}
		// Root puts a process of hers in msgd's own unit. Nobody is that service for it.
		var o []plan.Outcome
		askAs(t, h, []plan.Plan{{Input: asks("From msgd's.")}}, &o, "sh", "-c",
			`echo $$ >$(find /sys/fs/cgroup -path '*/system.slice/msgd.service/cgroup.procs' | tail -n 1) || exit 1
			exec setpriv --reuid carol --regid ops --clear-groups attacker play`)
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carol@"+h.Name {
			t.Errorf("%s: from msgd's own unit, bob got %+v: %+v", h.Name, all, o)
		}
	})
}

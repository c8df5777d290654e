//go:build linux

package e2e_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackGetent: getent's word decides who is in a group that no file has. Carol cannot get at
// the getent that msgd starts, so she cannot speak in its place.
func TestAttackGetent(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		gid := strings.TrimSpace(h.SSH(t, "carol", "id", "-g").Stdout)
		getent(t, h, "#!/bin/sh\nsleep 3\nexit 2\n")
		toAll := plan.Plan{Input: []plan.Piece{{Data: request("To all.", map[string]any{"targets": []string{"*"}})}}}
		end := begin(t, h, toAll)
		spied(t, h, awaitOn(t, h, "pgrep -o -x getent"))
		if o := end(); !slices.Equal(reasons(t, o), []string{"denied"}) {
			t.Errorf("%s: %+v", h.Name, o)
		}
		got(t, bob)

		script := "#!/bin/sh\ntest \"$*\" = 'group wheel' && echo wheel:x:" + gid + ": || exit 2\n"
		h.Exec(t, script, "sh", "-c", "cat >/usr/bin/getent")
		if o := play(t, h, "carol", "play", toAll)[0]; reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		got(t, bob, "To all.")
	})
}

// TestAttackDirectoryName: a user whom only a directory service knows has the name that it says,
// and is no other user.
func TestAttackDirectoryName(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		getent(t, h, "#!/bin/sh\ntest \"$*\" = 'passwd 7777' && echo 'carla:x:7777:7777::/:/bin/sh' || exit 2\n")
		bob := h.Login(t, "bob")
		var out []plan.Outcome
		askAs(t, h, []plan.Plan{{Input: asks("Believe me.")}}, &out, "setpriv", "--reuid", "7777", "--regid", "7777", "--clear-groups", "/usr/local/bin/attacker", "play")
		if all := messages(t, bob); len(all) != 1 || all[0].banner != "carla@"+h.Name {
			t.Errorf("%s: bob saw %+v: %+v", h.Name, all, out)
		}
	})
}

// askAs is ask for an attacker whom root starts.
func askAs(t *testing.T, h *lab.Host, order, answer any, argv ...string) {
	t.Helper()
	exchange(t, h.Command(context.Background(), argv...), order, answer)
}

// TestAttackFakeGetent has a program in getent's place that looks at itself. What msgd starts has
// no rights, and none of msgd's descriptors: neither the conversation nor the monitor.
func TestAttackFakeGetent(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		const looked = "/run/msg/rate/looked"
		getent(t, h, `#!/bin/sh
{ cat /proc/$$/status; ls -l /proc/$$/fd; tr '\0' '\n' </proc/$$/environ | sed 's/^/env:/'; } >`+looked+` 2>&1
exit 2
`)
		t.Cleanup(func() { h.Run(t, "rm", "-f", looked) })
		o := play(t, h, "carol", "play", plan.Plan{
			Rights: "many", Input: []plan.Piece{{Data: request("hi", map[string]any{"targets": []string{"bob", "nobody-there"}})}},
		})[0]
		if reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		seen := h.Run(t, "cat", looked).Stdout
		isMsgs(t, h, seen)
		for line := range strings.SplitSeq(seen, "\n") {
			fields := strings.Fields(line)
			if len(fields) > 2 && fields[len(fields)-2] == "->" {
				// The shell has its script, what it writes, and copies of 0 to 2, which are the judge's pipes.
				to := fields[len(fields)-1]
				if to != "/usr/bin/getent" && to != "/dev/null" && to != looked && !strings.HasPrefix(to, "pipe:") {
					t.Errorf("%s: getent has the descriptor %s", h.Name, line)
				}
			}
			if strings.HasPrefix(line, "env:LD_") || strings.HasPrefix(line, "env:BASH") || strings.HasPrefix(line, "env:LISTEN_") || strings.HasPrefix(line, "env:NOTIFY") {
				t.Errorf("%s: getent has %s", h.Name, line)
			}
		}
	})
}

// isMsgs checks that a process, by its /proc/PID/status, has the account msg's ids alone, and no
// rights.
func isMsgs(t *testing.T, h *lab.Host, status string) {
	t.Helper()
	ids := strings.Fields(h.Run(t, "sh", "-c", "id -u msg; id -g msg").Stdout)
	four := func(id string) string { return strings.Join([]string{id, id, id, id}, "\t") }
	const none = "0000000000000000"
	for _, want := range []string{
		"Uid:\t" + four(ids[0]), "Gid:\t" + four(ids[1]), "Groups:\t ", "NoNewPrivs:\t1",
		"CapInh:\t" + none, "CapPrm:\t" + none, "CapEff:\t" + none, "CapAmb:\t" + none,
	} {
		if !strings.Contains(status, "\n"+want+"\n") {
			t.Errorf("%s: no %q in %s", h.Name, want, status)
		}
	}
}

// hasNothing checks that all threads of a judge have no rights.
func hasNothing(t *testing.T, h *lab.Host, pid string) {
	t.Helper()
	for status := range strings.SplitSeq(h.Run(t, "sh", "-c", "for i in /proc/"+pid+"/task/*; do cat $i/status; echo END; done").Stdout, "END\n") {
		if status != "" {
			isMsgs(t, h, status)
		}
	}
}

// getent puts a script in its place for a test.
func getent(t *testing.T, h *lab.Host, script string) {
	t.Helper()
	h.Run(t, "mv", "/usr/bin/getent", "/usr/bin/getent.away")
	t.Cleanup(func() { h.Run(t, "mv", "-f", "/usr/bin/getent.away", "/usr/bin/getent") })
	if out := h.Exec(t, script, "sh", "-c", "cat >/usr/bin/getent; chmod 755 /usr/bin/getent"); out.Code != 0 {
		t.Fatal(out)
	}
}

//go:build linux

package e2e_test

import (
	"context"
	"strings"
	"testing"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackGetent: what the helper asks of getent is answered by a process that
// runs as the caller, who can trace it and have it say anything. Nothing that
// matters may hang on that: here it is to say that carol is in wheel, who may send
// to everyone, a group that Debian has not.
func TestAttackGetent(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		getent(t, h, slowGetent)
		bob := h.Login(t, "bob")
		gid := strings.TrimSpace(h.SSH(t, "carol", "id", "-g").Stdout)
		order := forged{
			Plan:    plan.Plan{Input: []plan.Piece{{Data: request("To all.", map[string]any{"targets": []string{"*"}})}}},
			Answers: map[string]string{"wheel": "wheel:x:" + gid + ":"}, Tries: 2,
		}
		var out forgery
		ask(t, h, "carol", order, &out, "forge")
		if all := reasons(t, out.Outcome); len(all) != 1 || all[0] != "denied" {
			t.Errorf("%s: caught %q: %+v", h.Name, out.Caught, out.Outcome)
		}
		got(t, bob)

		// That the attack works shows where it may: for a target's name.
		order.Plan.Input = []plan.Piece{{Data: request("By another name.", map[string]any{"targets": []string{"robert"}})}}
		order.Tries = 5
		order.Answers = map[string]string{"robert": "robert:x:1002:1002::/:/bin/sh"}
		ask(t, h, "carol", order, &out, "forge")
		if len(out.Caught) != 1 || reported(t, out.Outcome, bob.Terminal) != 1 {
			t.Errorf("%s: the attack itself failed: %+v", h.Name, out)
		}
		got(t, bob, "By another name.")
	})
}

// slowGetent knows nobody, and leaves time to be caught.
const slowGetent = "#!/bin/sh\nsleep 0.5\nexit 2\n"

type forged struct {
	Plan    plan.Plan
	Answers map[string]string
	Tries   int
}

type forgery struct {
	Outcome plan.Outcome
	Caught  []string
}

// TestAttackDirectoryName: a user whom only a directory service knows has getent say
// that their name is root.
func TestAttackDirectoryName(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		getent(t, h, slowGetent)
		bob := h.Login(t, "bob")
		order := forged{Plan: plan.Plan{Input: asks("Believe me.")}, Answers: map[string]string{"7777": "root:x:7777:7777::/:/bin/sh"}, Tries: 5}
		var out forgery
		askAs(t, h, order, &out, "setpriv", "--reuid", "7777", "--regid", "7777", "--clear-groups", "/usr/local/bin/attacker", "forge")
		all := messages(t, bob)
		if len(all) == 0 || len(out.Caught) == 0 || all[len(all)-1].banner != "7777@"+h.Name+" (says root)" {
			t.Errorf("%s: caught %q, and bob saw %+v: %+v", h.Name, out.Caught, all, out.Outcome)
		}
	})
}

// askAs is ask for an attacker whom root starts.
func askAs(t *testing.T, h *lab.Host, order, answer any, argv ...string) {
	t.Helper()
	exchange(t, h.Command(context.Background(), argv...), order, answer)
}

// TestAttackFakeGetent has a program in getent's place that looks at itself: what
// the helper starts has nothing of the helper's rights, descriptors or environment.
func TestAttackFakeGetent(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		getent(t, h, `#!/bin/sh
{ cat /proc/$$/status; ls -l /proc/$$/fd; tr '\0' '\n' </proc/$$/environ | sed 's/^/env:/'; ulimit -t; } >/tmp/looked 2>&1
chmod 644 /tmp/looked
exit 2
`)
		h.Run(t, "rm", "-f", "/tmp/looked")
		t.Cleanup(func() { h.Run(t, "rm", "-f", "/tmp/looked") })
		o := play(t, h, "carol", "play", plan.Plan{
			Open: map[int]string{7: "/", 300: "/dev/zero"}, Env: []string{"SECRET=1", "LD_PRELOAD=/tmp/x.so", "BASH_ENV=/tmp/x"},
			Input: []plan.Piece{{Data: request("hi", map[string]any{"targets": []string{"bob", "nobody-there"}})}},
		})[0]
		if reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		seen := h.Run(t, "cat", "/tmp/looked").Stdout
		id := h.SSH(t, "carol", "sh", "-c", "id -g; id -G").Stdout
		gid, groups, _ := strings.Cut(strings.TrimSpace(id), "\n")
		gids := "\nGid:\t" + strings.Repeat(gid+"\t", 3) + gid + "\n"
		if !strings.Contains(seen, gids) || !strings.Contains(seen, "\nGroups:\t"+groups+" \n") {
			t.Errorf("%s: carol is %q, and getent was %s", h.Name, id, seen)
		}
		for line := range strings.SplitSeq(seen, "\n") {
			fields := strings.Fields(line)
			if len(fields) > 2 && fields[len(fields)-2] == "->" && strings.Contains("/ /dev/zero /dev/ptmx", fields[len(fields)-1]) {
				t.Errorf("%s: getent has the descriptor %s", h.Name, line)
			}
			if strings.HasPrefix(line, "env:") && strings.Contains(line, "SECRET") || strings.HasPrefix(line, "env:LD_") || strings.HasPrefix(line, "env:BASH") {
				t.Errorf("%s: getent has %s", h.Name, line)
			}
		}
	})
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

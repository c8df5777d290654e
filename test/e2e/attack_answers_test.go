//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackAnswers: carol floods the socket of what bob is asked, with connections of all
// kinds. Bob's answer still gets through, the judge takes little time for it, and the log
// has one entry about her.
func TestAttackAnswers(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		cursor := ""
		if h.Logind {
			cursor = cursorOf(t, h)
		}
		from, target, answer := h, "bob", `bob: "In between." (`
		if h == lab.D13 { // what is asked from another host is answered no otherwise
			from, target, answer = lab.D12, "bob@d13", `bob at d13: "In between." (`
		}
		w := waits(t, from, "alice", "--wait", "-t", "60", target, "Restart?")
		code := codeOf(t, bob)
		judge := awaitOn(t, h, "pgrep -o -x msgd-judge")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		flood := begins(t, h.SSHCommand(ctx, "carol", "attacker", "flood", "/run/msg/pending/"+code, "8"))
		ticks := awaitOn(t, h, "sleep 3; pgrep -x attacker >/dev/null && cut -d' ' -f14,15 /proc/"+judge+"/stat")
		if user, system, _ := strings.Cut(ticks, " "); len(user) > 2 || len(system) > 2 { // in hundredths
			t.Errorf("%s: after three seconds the judge has had %s and %s ticks of the processor", h.Name, user, system)
		}
		begun := time.Now()
		bob.Type(t, "msg reply "+code+" 'In between.'; echo status $?\r")
		bob.Expect(t, "status 0\r\n")
		took := time.Since(begun)
		out := w.ends(t)
		if out.Code != 0 || !strings.HasPrefix(out.Stdout, answer) || strings.Count(out.Stdout, "\n") != 1 {
			t.Errorf("%s: alice saw %+v", h.Name, out)
		}
		flooded := flood.ends(t)
		t.Logf("%s: bob's answer took %v among %s connections; before it, the judge had %s ticks", h.Name, took, strings.TrimSpace(flooded.Stdout), ticks)
		if h.Logind {
			about := 0
			for _, e := range entries(t, h, cursor) {
				if e["MSG_UID"] == "1003" {
					about++
				}
			}
			if about > 1 {
				t.Errorf("%s: %d entries about carol", h.Name, about)
			}
		}
		none(t, h)
	})
}

// TestAttackPending: carol can do nothing to what waits for others. The next message removes what
// judges that were killed have left behind, and nothing else.
func TestAttackPending(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		w := waits(t, h, "alice", "--wait", "-t", "60", "bob", "Restart?")
		code := codeOf(t, bob)
		bob.Mark()
		// One of dave's that is dead, and one of her own. The next message would remove them.
		dead := map[string]string{}
		var killed []*waiter
		for _, user := range []string{"dave", "carol"} {
			bob.Mark()
			killed = append(killed, waits(t, h, user, "--wait", "bob", "Killed."))
			dead[user] = codeOf(t, bob)
		}
		for _, w := range slices.Backward(killed) {
			h.Run(t, "pkill", "-KILL", "-n", "-x", "msgd-judge")
			w.ends(t)
		}
		bob.Mark()
		list := func() string {
			return h.Run(t, "stat", "-c", "%A %U:%G %i %n", "/run/msg/pending", "/run/msg/pending/"+code, "/run/msg/pending/"+dead["dave"]).Stdout
		}
		before := list()
		var script strings.Builder
		for _, try := range []string{
			"touch X/x", "mkdir X/x", "ln -s /tmp X/a2b", "rm -f X/CODE", "mv X/CODE X/x", "mv X/CODE /tmp/x", "ln X/CODE /tmp/x", "chmod 600 X/CODE", "chown carol X/CODE",
			"chmod 777 X", "mv X /tmp/x", "rmdir X", "rm -f X/DAVES", "mv X/DAVES X/b3c", "perl -MIO::Socket::UNIX -e 'IO::Socket::UNIX->new(Local => q(X/a2b), Listen => 1) or exit 1'",
		} {
			try = strings.NewReplacer("CODE", code, "DAVES", dead["dave"], "X", "/run/msg/pending").Replace(try)
			fmt.Fprintf(&script, "if (%s) >/dev/null 2>&1; then echo \"%s\"; fi\n", try, strings.ReplaceAll(try, "'", ""))
		}
		if out := h.SSH(t, "carol", "sh", "-c", script.String()); out.Stdout != "" {
			t.Errorf("%s: carol may %s", h.Name, out.Stdout)
		}
		if after := list(); after != before {
			t.Errorf("%s: it was %s and is %s", h.Name, before, after)
		}
		if owners := h.Run(t, "sh", "-c", "stat -c %U /run/msg/pending/* | sort -u").Stdout; owners != "msg\n" {
			t.Errorf("%s: sockets belong to %q", h.Name, owners)
		}
		says(t, h, "carol", "bob", "Which clears.")
		if left := h.Run(t, "ls", "/run/msg/pending").Stdout; left != code+"\n" {
			t.Errorf("%s: left is %q, want %s", h.Name, left, code)
		}
		bob.Type(t, "msg ok\r")
		bob.Expect(t, "ok to alice@"+h.Name)
		if out := w.ends(t); out.Code != 0 {
			t.Errorf("%s: %+v", h.Name, out)
		}
		none(t, h)
	})
}

// TestAttackTyped: carol types faster than she may. Her lines count as messages, and none of them
// comes when she has gone. The judge that waits for them has no rights.
func TestAttackTyped(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		const span = 6 * time.Second
		line := []byte(`{"line":"bGluZQ=="}` + "\n")
		end := begin(t, h, plan.Plan{HangUp: true, Input: []plan.Piece{
			{Data: request("first", map[string]any{"protocol": 2, "typed": true, "wait": true})}, {Data: line, Times: 200}, {Data: []byte{}, Pause: span},
		}})
		bob.Expect(t, "| line")
		pid := awaitOn(t, h, "pgrep -o -x msgd-judge")
		hasNothing(t, h, pid)
		spied(t, h, pid)
		o := end()
		seen := bob.Sync(t)
		n := strings.Count(seen, "| line") + strings.Count(seen, "| first")
		if most := 30 + int(o.Took/(3*time.Second)) + 1; n < 30 || n > most || strings.Count(seen, "EOF") != 1 {
			t.Errorf("%s: bob got %d lines in %v, want 30 to %d: %q", h.Name, n, o.Took, most, seen)
		}
		if o.Took > span+10*time.Second || o.Stayed {
			t.Errorf("%s: %+v", h.Name, o)
		}
		none(t, h)
	})
}

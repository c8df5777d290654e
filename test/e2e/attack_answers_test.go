//go:build linux

package e2e_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// TestAttackAnswers: carol floods the socket of what bob is asked, with connections of all
// kinds; bob's answer still gets through, who waits takes little time for it, and the log
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
		helper := awaitOn(t, h, "pgrep -u alice -x msg-helper")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		flood := begins(t, h.SSHCommand(ctx, "carol", "attacker", "flood", "/run/msg/pending/"+code, "8"))
		ticks := awaitOn(t, h, "sleep 3; pgrep -x attacker >/dev/null && cut -d' ' -f14,15 /proc/"+helper+"/stat")
		if user, system, _ := strings.Cut(ticks, " "); len(user) > 2 || len(system) > 2 { // in hundredths
			t.Errorf("%s: after three seconds the helper has had %s and %s ticks of the processor", h.Name, user, system)
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
		t.Logf("%s: bob's answer took %v among %s connections; before it, the helper had %s ticks", h.Name, took, strings.TrimSpace(flooded.Stdout), ticks)
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

// TestAttackPending: carol can do nothing to what waits for others, neither herself nor by
// having the helper clear.
func TestAttackPending(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		w := waits(t, h, "alice", "--wait", "-t", "60", "bob", "Restart?")
		code := codeOf(t, bob)
		bob.Mark()
		// One of dave's that is dead, and one of her own.
		dead := map[string]string{}
		for _, user := range []string{"dave", "carol"} {
			bob.Mark()
			killed := waits(t, h, user, "--wait", "bob", "Killed.")
			dead[user] = codeOf(t, bob)
			h.Run(t, "pkill", "-KILL", "-u", user, "-x", "msg-helper")
			killed.ends(t)
		}
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
		script.WriteString("for i in $(seq 20); do " + helper + " clear & done; wait")
		if out := h.SSH(t, "carol", "sh", "-c", script.String()); out.Stdout != "" {
			t.Errorf("%s: carol may %s", h.Name, out.Stdout)
		}
		if after := list(); after != before {
			t.Errorf("%s: it was %s and is %s", h.Name, before, after)
		}
		if h.Exec(t, "", "test", "-e", "/run/msg/pending/"+dead["carol"]).Code == 0 {
			t.Errorf("%s: her own is still there", h.Name)
		}
		bob.Type(t, "msg ok\r")
		bob.Expect(t, "ok to alice@"+h.Name)
		if out := w.ends(t); out.Code != 0 {
			t.Errorf("%s: %+v", h.Name, out)
		}
		says(t, h, "dave", "bob", "The next one.")
		none(t, h)
	})
}

// TestAttackTyped: carol types faster than she may, to the helper itself. Her lines count as
// messages, none of them comes when she has gone, and while they are waited for the helper
// has no rights.
func TestAttackTyped(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		const span = 6 * time.Second
		line := []byte(`{"line":"bGluZQ=="}` + "\n")
		end := begin(t, h, plan.Plan{HangUp: true, Input: []plan.Piece{
			{Data: request("first", map[string]any{"protocol": 2, "typed": true, "wait": true})}, {Data: line, Times: 200}, {Data: []byte{}, Pause: span},
		}})
		bob.Expect(t, "| line")
		pid := awaitOn(t, h, "pgrep -u carol -x msg-helper")
		status := h.Run(t, "cat", "/proc/"+pid+"/status").Stdout
		own := strings.TrimSpace(h.SSH(t, "carol", "id", "-g").Stdout)
		if gids := strings.Join([]string{"\nGid:", own, own, own, own}, "\t") + "\n"; !strings.Contains(status, gids) || !strings.Contains(status, "\nCapEff:\t0000000000000000\n") {
			t.Errorf("%s: it has rights: %s", h.Name, status)
		}
		spied(t, h, pid)
		o := end()
		seen := bob.Sync(t)
		n := strings.Count(seen, "| line") + strings.Count(seen, "| first")
		if most := 30 + int(o.Took/(3*time.Second)) + 1; n < 30 || n > most || strings.Count(seen, "EOF") != 1 {
			t.Errorf("%s: bob got %d lines in %v, want 30 to %d: %q", h.Name, n, o.Took, most, seen)
		}
		if o.Took > span+10*time.Second || o.Exit != 0 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		none(t, h)
	})
}

//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"os/exec"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// begin has carol carry out one plan while the test does something else; end waits
// for the outcome.
func begin(t *testing.T, h *lab.Host, p plan.Plan) (end func() plan.Outcome) {
	t.Helper()
	data, err := json.Marshal([]plan.Plan{p})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	t.Cleanup(cancel)
	cmd := h.SSHCommand(ctx, "carol", "attacker", "play")
	cmd.Stdin = strings.NewReader(string(data))
	type result struct {
		out []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		out, err := cmd.Output()
		done <- result{out, err}
	}()
	return func() plan.Outcome {
		t.Helper()
		r := <-done
		var outcomes []plan.Outcome
		if err := json.Unmarshal(r.out, &outcomes); r.err != nil || err != nil || len(outcomes) != 1 {
			t.Fatalf("%s: %v, %v: %s", h.Name, r.err, err, r.out)
		}
		if outcomes[0].Failed != "" {
			t.Errorf("%s: the attack failed: %v: %s", h.Name, p, outcomes[0].Failed)
		}
		return outcomes[0]
	}
}

// exchange runs a command with JSON for its input and its output.
func exchange(t *testing.T, cmd *exec.Cmd, order, answer any) {
	t.Helper()
	data, err := json.Marshal(order)
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = strings.NewReader(string(data))
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v: %s", cmd.Args, err, stderr.String())
	}
	if err := json.Unmarshal(out, answer); err != nil {
		t.Fatalf("%q: %v: %s", cmd.Args, err, out)
	}
}

// awaitOn waits until a command of root's on the host prints something, and returns
// that.
func awaitOn(t *testing.T, h *lab.Host, script string) string {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if out := h.Exec(t, "", "sh", "-c", script).Stdout; strings.TrimSpace(out) != "" {
			return strings.TrimSpace(out)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: nothing of %s", h.Name, script)
		}
	}
}

// gidsOf are those of all threads of the helper, each once: "1005 1005 1005 1005".
const gidsOf = `pid=$(pgrep -x msg-helper) && cat /proc/$pid/task/*/status | sed -n 's/^Gid:\t//p' | sort -u | tr '\t' ' '`

// TestAttackWaiting looks at a helper before it has its request, and while it waits
// for a held terminal: carol cannot look into it or trace it, and it has given up
// its rights.
func TestAttackWaiting(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		ids := strings.Fields(h.SSH(t, "carol", "sh", "-c", "id -g; getent group tty | cut -d: -f3; id -u").Stdout)
		own, tty := ids[0], ids[1]
		end := begin(t, h, plan.Plan{Input: []plan.Piece{{Data: []byte(" ")}}})             // a request's beginning
		awaitOn(t, h, `[ "$(`+gidsOf+`)" = '`+own+" "+own+" "+tty+" "+own+`' ] && echo so`) // it may have to start first
		pid := awaitOn(t, h, "pgrep -x msg-helper")
		spied(t, h, pid)
		h.Run(t, "kill", pid)
		end()
		gone(t, h)

		bob.Hold(t)
		end = begin(t, h, plan.Plan{Input: []plan.Piece{{Data: request("At last.", map[string]any{"time_ms": 60_000})}}})
		pid = awaitOn(t, h, "pgrep -x msg-helper")
		awaitOn(t, h, "ls -l /proc/"+pid+"/fd 2>/dev/null | grep -w "+bob.Terminal)
		if gids := awaitOn(t, h, gidsOf); gids != own+" "+own+" "+own+" "+own {
			t.Errorf("%s: while it waits it has the gids %s", h.Name, gids)
		}
		spied(t, h, pid)
		bob.Release(t)
		if o := end(); reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		got(t, bob, "At last.")
	})
}

// spied has carol try everything on a helper, and first on a process that is just
// hers, to see that she would get in.
func spied(t *testing.T, h *lab.Host, pid string) {
	t.Helper()
	var hers, its map[string]string
	cmd := h.SSHCommand(t.Context(), "carol", "sh", "-c", "sleep 100 & attacker spy $!; kill $!")
	exchange(t, cmd, nil, &hers)
	exchange(t, h.SSHCommand(t.Context(), "carol", "attacker", "spy", pid), nil, &its)
	for name, err := range its {
		if err == "" {
			t.Errorf("%s: carol gets into the helper by %s", h.Name, name)
		}
	}
	open := 0
	for _, err := range hers {
		if err == "" {
			open++
		}
	}
	if open < len(its)-4 {
		t.Errorf("%s: the attack itself fails: %v", h.Name, hers)
	}
}

// TestAttackLateMessages: a helper that may have few files open, and waits for
// carol's own terminal, must not keep its rights and its message for bob until she
// pleases.
func TestAttackLateMessages(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob, carol := h.Login(t, "bob"), h.Login(t, "carol")
		carol.Hold(t)
		end := begin(t, h, plan.Plan{
			Limits: map[string]int64{"NOFILE": 25},
			Input:  []plan.Piece{{Data: request("Late.", map[string]any{"targets": []string{carol.Terminal, "bob"}, "time_ms": 600_000})}},
		})
		pid := awaitOn(t, h, "pgrep -x msg-helper")
		awaitOn(t, h, "ls -l /proc/"+pid+"/fd 2>/dev/null | grep -w "+carol.Terminal)
		begun := time.Now()
		own := strings.TrimSpace(h.SSH(t, "carol", "id", "-g").Stdout)
		for gids := ""; gids != own+" "+own+" "+own+" "+own; gids = awaitOn(t, h, gidsOf) {
			if time.Since(begun) > 12*time.Second {
				t.Errorf("%s: after %v it has the gids %s", h.Name, time.Since(begun), gids)
				break
			}
		}
		carol.Release(t)
		o := end()
		if n := reported(t, o, bob.Terminal); n != len(messages(t, bob)) || n == 1 && time.Since(begun) > 12*time.Second {
			t.Errorf("%s: it came %v late: %+v", h.Name, time.Since(begun), o)
		}
	})
}

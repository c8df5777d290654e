//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
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
func exchange(t testing.TB, cmd *exec.Cmd, order, answer any) {
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

// TestAttackWaiting looks at the three processes of msgd before a judge has its request, and while
// it waits for a held terminal. Carol cannot look into them, trace or signal them. The judge has no
// rights, the monitor has three, and the monitor has read nothing of the conversation.
func TestAttackWaiting(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		end := begin(t, h, plan.Plan{Input: []plan.Piece{{Data: []byte(" "), Pause: 20 * time.Second}}}) // a request's beginning
		for _, name := range []string{"msgd-judge", "msgd-monitor", "msgd"} {
			pid := awaitOn(t, h, "pgrep -o -x "+name)
			spied(t, h, pid)
			if out := h.SSH(t, "carol", "sh", "-c", "for s in KILL STOP CONT URG HUP TERM CHLD; do kill -$s "+pid+" && echo $s; done"); out.Stdout != "" {
				t.Errorf("%s: carol may send %s: %s", h.Name, name, out.Stdout)
			}
		}
		hasNothing(t, h, awaitOn(t, h, "pgrep -o -x msgd-judge"))
		if o := end(); last(t, o).Problem != "no request within 10s" {
			t.Errorf("%s: %+v", h.Name, o)
		}
		gone(t, h)

		bob.Hold(t)
		long := strings.Repeat("At last. ", 900) // about 8 KB
		whole := request(long, map[string]any{"time_ms": 60_000})
		end = begin(t, h, plan.Plan{Input: []plan.Piece{{Data: whole[:1], Pause: 3 * time.Second}, {Data: whole[1:]}}})
		monitor := awaitOn(t, h, "pgrep -o -x msgd-monitor")
		awaitOn(t, h, "sleep 1; echo so") // it has started by then
		before := hasRead(t, h, monitor)
		judge := judgeWith(t, h, bob.Terminal)
		hasNothing(t, h, judge)
		spied(t, h, judge)
		spied(t, h, monitor)
		const three = "00000000000000c2" // CAP_DAC_OVERRIDE, CAP_SETGID, CAP_SETUID
		status := h.Run(t, "cat", "/proc/"+monitor+"/status").Stdout
		for _, want := range []string{"CapPrm:\t" + three, "CapEff:\t" + three, "CapBnd:\t" + three, "CapAmb:\t0000000000000000", "NoNewPrivs:\t1"} {
			if !strings.Contains(status, "\n"+want+"\n") {
				t.Errorf("%s: the monitor has no %q: %s", h.Name, want, status)
			}
		}
		// What it has read to open a terminal is from /proc.
		if read := hasRead(t, h, monitor) - before; read > len(whole)/2 {
			t.Errorf("%s: the monitor has read %d bytes of a conversation of %d", h.Name, read, len(whole))
		}
		bob.Release(t)
		if o := end(); reported(t, o, bob.Terminal) != 1 {
			t.Errorf("%s: %+v", h.Name, o)
		}
		bob.Expect(t, "At last.")
		bob.Mark()
	})
}

// hasRead returns how many bytes a process has read.
func hasRead(t *testing.T, h *lab.Host, pid string) int {
	t.Helper()
	var n int
	if _, err := fmt.Sscanf(h.Run(t, "cat", "/proc/"+pid+"/io").Stdout, "rchar: %d", &n); err != nil {
		t.Fatal(err)
	}
	return n
}

// spied has carol try everything on a process of msgd, and first on one that is just
// hers, to see that she would get in.
func spied(t *testing.T, h *lab.Host, pid string) {
	t.Helper()
	var hers, its map[string]string
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := h.SSHCommand(ctx, "carol", "sh", "-c", "sleep 100 & attacker spy $!; kill $!")
	exchange(t, cmd, nil, &hers)
	exchange(t, h.SSHCommand(ctx, "carol", "attacker", "spy", pid), nil, &its)
	for name, err := range its {
		if err == "" {
			t.Errorf("%s: carol gets into process %s by %s", h.Name, pid, name)
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

// TestAttackLateMessages: a message that msgd has counted goes out within ten seconds, or not at
// all. Here the monitor stands still between the count and the opening of bob's terminal, which counts
// as hanging.
func TestAttackLateMessages(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		whole := request("Late.", nil)
		end := begin(t, h, plan.Plan{Input: []plan.Piece{{Data: whole[:1], Pause: 4 * time.Second}, {Data: whole[1:]}}})
		monitor, judge := awaitOn(t, h, "pgrep -o -x msgd-monitor"), awaitOn(t, h, "pgrep -o -x msgd-judge")
		h.Run(t, "kill", "-STOP", monitor)
		begun := time.Now()
		awaitOn(t, h, "test -e /proc/"+judge+" || echo ended")
		took := time.Since(begun)
		h.Run(t, "kill", "-CONT", monitor)
		o := end()
		if why := reasons(t, o); len(why) != 1 || why[0] != "stuck" || took > 16*time.Second {
			t.Errorf("%s: after %v: %+v", h.Name, took, o)
		}
		gone(t, h)
		got(t, bob)
	})
}

//go:build linux

package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// The tests named TestAttack have carol, who may do nothing special, attack the installed msgd.
// She has a program for that, test/attacker. It connects to the door itself, and holds none of
// msg's ends of the bargain.

var attacker = program("attacker")

// attack runs a test on all hosts side by side. When it is over, no conversation must be left.
func attack(t *testing.T, test func(t *testing.T, h *lab.Host)) { attackOn(t, lab.Hosts(), test) }

func attackOn(t *testing.T, hosts []*lab.Host, test func(t *testing.T, h *lab.Host)) {
	path, err := attacker()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		install(t, h)
		h.Install(t, path, "/usr/local/bin/attacker", "root:root", 0o755)
	}
	for _, h := range hosts {
		t.Run(h.Name, func(t *testing.T) {
			t.Parallel()
			forget(t, h)
			test(t, h)
			gone(t, h)
		})
	}
}

// attackOne is attack for tests that need a whole machine.
func attackOne(t *testing.T, hosts []*lab.Host, test func(t *testing.T, h *lab.Host)) {
	path, err := attacker()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		install(t, h)
		h.Install(t, path, "/usr/local/bin/attacker", "root:root", 0o755)
		t.Run(h.Name, func(t *testing.T) {
			forget(t, h)
			test(t, h)
			gone(t, h)
		})
	}
}

// needsNamespaces skips a test of an attack that nobody can make on a kernel that keeps
// users from making namespaces (user.max_user_namespaces, for one).
func needsNamespaces(t *testing.T, h *lab.Host) {
	t.Helper()
	if out := h.SSH(t, "carol", "unshare", "--user", "--map-root-user", "--mount", "true"); out.Code != 0 {
		t.Skipf("this kernel lets no user make namespaces, so there is no such attack: %s", out.Stderr)
	}
}

// gone waits until no conversation is left.
func gone(t *testing.T, h *lab.Host) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		left := h.Exec(t, "", "pgrep", "-x", "-l", "msg-delivery|msgd-judge|msgd-monitor|getent").Stdout
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: still there: %s", h.Name, left)
		}
	}
}

// often lifts the limit, for tests that send many messages.
func often(t *testing.T, h *lab.Host) {
	t.Helper()
	h.Run(t, "sh", "-c", "mkdir -p /etc/msg; printf '[rate]\nper_minute = 60000\n' >/etc/msg/msg.toml")
	t.Cleanup(func() { h.Run(t, "rm", "-rf", "/etc/msg") })
}

// request is one as a client writes it, with more fields if wanted.
func request(text string, more map[string]any) []byte {
	fields := map[string]any{"protocol": 1, "targets": []string{"bob"}, "text": []byte(text), "time_ms": 2000}
	for name, value := range more {
		fields[name] = value
	}
	data, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return append(data, '\n')
}

// asks is a plan's input that is one request to bob.
func asks(text string) []plan.Piece { return []plan.Piece{{Data: request(text, nil)}} }

// number gives each plan a text of its own, and returns the texts.
func number(plans []plan.Plan) []string {
	texts := make([]string, len(plans))
	for i := range plans {
		texts[i] = fmt.Sprintf("No %d.", i)
		if plans[i].Input == nil {
			plans[i].Input = asks(texts[i])
		}
	}
	return texts
}

// play has a user carry out plans, one after the other; how is "play" or "together".
func play(t *testing.T, h *lab.Host, user, how string, plans ...plan.Plan) []plan.Outcome {
	t.Helper()
	var outcomes []plan.Outcome
	ask(t, h, user, plans, &outcomes, how)
	if len(outcomes) != len(plans) {
		t.Fatalf("%s: %d outcomes of %d plans", h.Name, len(outcomes), len(plans))
	}
	for i, o := range outcomes {
		if o.Failed != "" {
			t.Errorf("%s: the attack failed: %v: %s", h.Name, plans[i], o.Failed)
		}
		if o.Stayed {
			t.Errorf("%s: %v: it did not end: %+v", h.Name, plans[i], o)
		}
	}
	return outcomes
}

// ask runs the attacker with JSON for its input and its output.
func ask(t testing.TB, h *lab.Host, user string, order, answer any, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	exchange(t, h.SSHCommand(ctx, user, append([]string{"attacker"}, args...)...), order, answer)
}

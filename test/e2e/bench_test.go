//go:build linux

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// rounds is how many messages go out before the counts are cleared.
const rounds = 30

// BenchmarkDoor measures the processor time that msgd needs to deliver to one terminal: the
// listener, the judge and the monitor, with what the kernel does for them, in milliseconds.
func BenchmarkDoor(b *testing.B) {
	path, err := attacker()
	if err != nil {
		b.Fatal(err)
	}
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		b.Run(h.Name, func(b *testing.B) {
			install(b, h)
			h.Install(b, path, "/usr/local/bin/attacker", "root:root", 0o755)
			bob := h.Login(b, "bob")
			plans := make([]plan.Plan, rounds)
			for i := range plans {
				plans[i].Input = asks("hello")
			}
			var cost time.Duration
			runs := 0
			for b.Loop() {
				forget(b, h)
				before := processorTime(b, h)
				var outcomes []plan.Outcome
				ask(b, h, "carol", plans, &outcomes, "play")
				h.Run(b, "sh", "-c", "while pgrep -x msgd-judge; do sleep 0.01; done")
				cost += processorTime(b, h) - before
				runs += rounds
				if n := strings.Count(bob.Seen(), "| hello"); n != runs {
					b.Fatalf("bob got %d messages of %d", n, runs)
				}
			}
			b.ReportMetric(float64(cost.Microseconds())/1000/float64(runs), "cpu-ms/message")
		})
	}
}

// processorTime returns what the listener and all conversations that have ended have used
// (proc_pid_stat(5)).
func processorTime(b *testing.B, h *lab.Host) time.Duration {
	b.Helper()
	var user, system, childrenUser, childrenSystem int
	out := h.Run(b, "sh", "-c", "cut -d' ' -f14-17 /proc/$(pgrep -x msgd)/stat").Stdout
	if _, err := fmt.Sscan(out, &user, &system, &childrenUser, &childrenSystem); err != nil {
		b.Fatalf("%v: %q", err, out)
	}
	const tick = 10 * time.Millisecond
	return time.Duration(user+system+childrenUser+childrenSystem) * tick
}

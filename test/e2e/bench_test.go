//go:build linux

package e2e_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// rounds is how many messages go out before the counts are cleared.
const rounds = 30

// BenchmarkHelper measures the processor time that the installed helper needs to
// deliver to one terminal, from its start to its end, with what is done for it in
// the kernel, in milliseconds; and beside it that of the shell's fork alone, which
// is in the former.
func BenchmarkHelper(b *testing.B) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		b.Run(h.Name, func(b *testing.B) {
			install(b, h)
			bob := h.Login(b, "bob")
			request := fmt.Sprintf(`{"protocol":1,"targets":[%q],"text":"aGVsbG8="}`, bob.Terminal)
			var helper, fork time.Duration
			runs := 0
			for b.Loop() {
				forget(b, h)
				helper += cost(b, h, request, `/usr/local/libexec/msg-helper <&3 >/dev/null`)
				fork += cost(b, h, request, `(read -r _ <&3)`)
				runs += rounds
				if n := strings.Count(bob.Seen(), "| hello"); n != runs {
					b.Fatalf("bob got %d messages of %d", n, runs)
				}
			}
			b.ReportMetric(float64(helper.Microseconds())/1000/float64(runs), "cpu-ms/message")
			b.ReportMetric(float64(fork.Microseconds())/1000/float64(runs), "cpu-ms/fork")
		})
	}
}

// cost is the processor time of a shell's command that is run for each of the
// rounds, with a request on a pipe that stays open.
func cost(b *testing.B, h *lab.Host, request, command string) time.Duration {
	b.Helper()
	script := fmt.Sprintf(`f=$(mktemp -u); mkfifo $f; exec 3<>$f; rm $f
		for i in $(seq %d); do printf '%%s\n' '%s' >&3; %s; done; times`, rounds, request, command)
	lines := strings.Split(h.SSH(b, "carol", "bash", "-c", script).Stdout, "\n")
	var sum time.Duration
	for _, word := range strings.Fields(lines[1]) { // the children's, after the shell's own
		d, err := time.ParseDuration(word)
		if err != nil {
			b.Fatal(err)
		}
		sum += d
	}
	return sum
}

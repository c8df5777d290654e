//go:build linux

package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/test/lab"
)

// logins is how many people are on the host whose sessions are listed.
const logins = 1000

// BenchmarkSessions measures msg sessions on a host with 1,000 logins that logind knows,
// beside loginctl, who and w, in turn. Ratios are those of rounds; told are their quartiles.
func BenchmarkSessions(b *testing.B) {
	for _, h := range []*lab.Host{lab.D12, lab.D13} {
		b.Run(h.Name, func(b *testing.B) {
			install(b, h)
			crowd(b, h, logins)
			if n := len(sessionsOf(b, h)); n != logins {
				b.Fatalf("msg sessions tells of %d logins of %d", n, logins)
			}
			for _, user := range []string{"root", "bob"} {
				b.Run(user, func(b *testing.B) { compareSessions(b, h, user) })
			}
		})
	}
}

func compareSessions(b *testing.B, h *lab.Host, user string) {
	commands := []string{"msg sessions", "loginctl --no-pager list-sessions", "who"}
	if !h.Utmp { // with utmp, w takes seconds
		commands = append(commands, "w")
	}
	all := make([][]float64, len(commands))
	for b.Loop() {
		args := append([]string{"setpriv", "--reuid=" + user, "--regid=" + user, "--init-groups", "crowd", "compare", "20"}, commands...)
		out, err := h.Command(b.Context(), args...).Output()
		var took [][]float64
		if err := errors.Join(err, json.Unmarshal(out, &took)); err != nil {
			b.Fatal(err)
		}
		for i := range all {
			all[i] = append(all[i], took[i]...)
		}
	}
	for i, command := range commands {
		name, _, _ := strings.Cut(command, " ")
		ratios := make([]float64, len(all[i]))
		for round := range ratios {
			ratios[round] = all[0][round] / all[i][round]
		}
		low, middle, high := quartiles(ratios)
		_, ms, _ := quartiles(all[i])
		b.ReportMetric(ms, "ms/"+name)
		if i > 0 {
			b.ReportMetric(middle, "msg/"+name)
			b.Logf("%s, %s: %d logins: msg takes %.2f (%.2f to %.2f) of the time of %s, which is %.1f ms",
				h.Name, user, logins, middle, low, high, command, ms)
		}
	}
}

func quartiles(values []float64) (low, middle, high float64) {
	values = slices.Sorted(slices.Values(values))
	at := func(part float64) float64 { return values[int(part*float64(len(values)-1)+0.5)] }
	return at(0.25), at(0.5), at(0.75)
}

var crowdProgram = program("crowd")

// crowd has people log in, and stay until the end of the test.
func crowd(t testing.TB, h *lab.Host, n int) {
	t.Helper()
	path, err := crowdProgram()
	if err != nil {
		t.Fatal(err)
	}
	h.Install(t, path, "/usr/local/bin/crowd", "root:root", 0o755)
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	cmd := h.Command(ctx, "crowd", "logins", fmt.Sprint(n), "alice", "bob", "carol", "dave")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	stdout, outErr := cmd.StdoutPipe()
	stdin, inErr := cmd.StdinPipe()
	if outErr != nil || inErr != nil {
		t.Fatal(outErr, inErr)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer cancel()
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("%s: the crowd: %v", h.Name, err)
		}
	})
	begun := time.Now()
	if _, err := bufio.NewReader(stdout).ReadString('\n'); err != nil {
		t.Fatalf("%s: the crowd: %v: %s", h.Name, err, &stderr)
	}
	t.Logf("%s: %d logins in %v", h.Name, n, time.Since(begun).Round(time.Second))
}

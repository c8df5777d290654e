//go:build linux

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"msg/test/attacker/plan"
	"msg/test/lab"
)

// limits are those that a user can set on what they start, each to nothing, to
// little and to plenty.
func limits() []map[string]int64 {
	var all []map[string]int64
	add := func(name string, values ...int64) {
		for _, v := range values {
			all = append(all, map[string]int64{name: v})
		}
	}
	for n := range int64(34) {
		add("NOFILE", n)
	}
	add("FSIZE", 0, 1)
	add("NPROC", 0, 1, 3, 5, 7, 9, 12)
	add("AS", 0, 1<<20, 16<<20, 64<<20, 100<<20, 128<<20, 256<<20, 1<<30)
	add("DATA", 0, 1<<20, 8<<20, 32<<20, 128<<20)
	add("STACK", 0, 4<<10, 64<<10, 256<<10)
	add("CPU", 0, 1)
	add("MEMLOCK", 0)
	add("SIGPENDING", 0, 1, 2, 127, 128)
	add("LOCKS", 0)
	add("MSGQUEUE", 0)
	add("NICE", 0)
	add("RTTIME", 0)
	add("RSS", 0)
	add("CORE", 0)
	all = append(all, map[string]int64{"NOFILE": 32, "NPROC": 8, "AS": 1 << 30}, map[string]int64{"CORE": 0, "CPU": 1, "FSIZE": 0})
	return all
}

// TestAttackLimits: whatever the process may not have, what the helper reports is
// true. Where no signals can be pending, the runtime would wait for ever for its
// threads to have changed their rights.
func TestAttackLimits(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		files := untouched(t, h)
		var plans []plan.Plan
		for _, limit := range limits() {
			plans = append(plans, plan.Plan{Limits: limit})
		}
		texts := number(plans)
		outcomes := play(t, h, "carol", "play", plans...)
		n := honest(t, bob, "carol", texts, outcomes)
		t.Logf("%s: bob got %d messages of %d", h.Name, n, len(plans))
		if n < len(plans)/3 {
			t.Errorf("%s: bob got %d messages of %d", h.Name, n, len(plans))
		}
		files()
	})
}

// TestAttackCountWithLimits: no limit makes a message free.
func TestAttackCountWithLimits(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		bob := h.Login(t, "bob")
		try := []map[string]int64{
			{"FSIZE": 0}, {"LOCKS": 0}, {"NOFILE": 24}, {"NOFILE": 12}, {"NOFILE": 10}, {"MEMLOCK": 0}, {"SIGPENDING": 200},
		}
		var plans []plan.Plan
		for n := range 45 {
			plans = append(plans, plan.Plan{Limits: try[n%len(try)]})
		}
		texts := number(plans)
		begun := time.Now()
		outcomes := play(t, h, "carol", "play", plans...)
		most := 30 + int(time.Since(begun)/(3*time.Second)) + 1
		if n := honest(t, bob, "carol", texts, outcomes); n < 25 || n > most {
			t.Errorf("%s: bob got %d messages, want 30 to %d", h.Name, n, most)
		}
	})
}

// TestAttackSignals has the helper stopped, woken and killed at any moment.
func TestAttackSignals(t *testing.T) {
	attack(t, func(t *testing.T, h *lab.Host) {
		often(t, h)
		bob := h.Login(t, "bob")
		files := untouched(t, h)
		// On a busy machine, runs differ from those that were measured.
		for span := spanOf(t, h, bob); ; span /= 2 {
			n, of := signalled(t, h, bob, span)
			t.Logf("%s: with signals within %v, bob got %d messages of %d", h.Name, span, n, of)
			if n >= 20 && n <= of-10 {
				break
			}
			if n < 20 || span < 100*time.Microsecond {
				t.Fatalf("%s: the signals do not hit", h.Name)
			}
		}
		files()
	})
}

// signalled has helpers get signals, each at a time within a span from its start, and
// returns how many messages bob got, and of how many.
func signalled(t *testing.T, h *lab.Host, bob *lab.Login, span time.Duration) (n, of int) {
	t.Helper()
	const rounds = 90
	all := []syscall.Signal{
		syscall.SIGSTOP, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGKILL, syscall.SIGQUIT, syscall.SIGALRM,
		syscall.SIGXCPU, syscall.SIGUSR1, syscall.SIGURG, syscall.SIGTSTP, syscall.SIGTTOU, syscall.SIGPIPE, syscall.SIGXFSZ,
		syscall.SIGSEGV, syscall.SIGABRT, syscall.SIGPROF, syscall.SIGCHLD, 32, 33, 34, 64,
	}
	var plans []plan.Plan
	for n := range rounds {
		at := time.Duration(rand.Int64N(int64(span)))
		signals := []plan.Signal{{Number: all[n%len(all)], After: at}}
		if s := signals[0].Number; s == syscall.SIGSTOP || s == syscall.SIGTSTP {
			more := time.Duration(rand.Int64N(int64(span)))
			signals = append(signals, plan.Signal{Number: syscall.SIGCONT, After: at + more},
				plan.Signal{Number: all[rand.IntN(len(all))], After: at + more/2}, plan.Signal{Number: syscall.SIGCONT, After: at + more + span})
		}
		plans = append(plans, plan.Plan{Signals: signals})
	}
	plans = append(plans,
		plan.Plan{Ignore: true}, plan.Plan{Block: true}, plan.Plan{Ignore: true, Block: true}, plan.Plan{Alarm: time.Millisecond},
		plan.Plan{Alarm: 100 * time.Microsecond, Block: true}, plan.Plan{Setsid: true}, plan.Plan{Orphan: true},
	)
	texts := number(plans)
	// These have getent asked, which ends with a signal to its parent.
	for i := len(plans) - 7; i < len(plans); i++ {
		plans[i].Input = []plan.Piece{{Data: request(texts[i], map[string]any{"targets": []string{"bob", "nobody-there"}})}}
	}
	outcomes := play(t, h, "carol", "play", plans...)
	for i, o := range outcomes[rounds:] {
		// A timer may expire before the helper can handle that.
		timers := []string{"alarm clock", "virtual timer expired", "profiling timer expired"}
		early := plans[rounds+i].Alarm > 0 && slices.Contains(timers, o.Signal)
		if last(t, o).Results != 2 && !early {
			t.Errorf("%s: %v: %+v", h.Name, plans[rounds+i], o)
		}
	}
	return honest(t, bob, "carol", texts, outcomes), len(plans)
}

// spanOf measures how long a helper runs.
func spanOf(t *testing.T, h *lab.Host, bob *lab.Login) time.Duration {
	t.Helper()
	plans := make([]plan.Plan, 3)
	texts := number(plans)
	outcomes := play(t, h, "carol", "play", plans...)
	if n := honest(t, bob, "carol", texts, outcomes); n != len(plans) {
		t.Fatal(fmt.Errorf("bob got %d messages", n))
	}
	return max(outcomes[1].Took, outcomes[2].Took)
}

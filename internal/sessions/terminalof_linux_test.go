package sessions

import (
	"os"
	"strconv"
	"testing"
	"time"

	"msg/internal/tty/ttytest"
)

// TestTerminalOf: a process's terminal is named only where it is its user's.
func TestTerminalOf(t *testing.T) {
	system, me := Local(nil), uint32(os.Getuid())
	term := ttytest.Open(t)
	term.Lead(t, "sleep", "1000")
	processes, err := readProc("/proc")
	if err != nil {
		t.Fatal(err)
	}
	leaders := processes.leaders(term.Device) // in another namespace there may be one with the same number
	if len(leaders) == 0 {
		t.Fatalf("nobody leads %s", term.Name)
	}
	leader := leaders[0].pid
	if got := system.TerminalOf(leader, me); got != term.Name {
		t.Errorf("%d is on %q, want %s", leader, got, term.Name)
	}
	for what, got := range map[string]string{
		"another user's":   system.TerminalOf(leader, me+1),
		"no process":       system.TerminalOf(0, me),
		"none any more":    system.TerminalOf(1<<30, me),
		"another /proc":    System{Dev: "/dev", Proc: t.TempDir()}.TerminalOf(leader, me),
		"another /dev":     System{Dev: t.TempDir(), Proc: "/proc"}.TerminalOf(leader, me),
		"without terminal": system.TerminalOf(kernelThread(t), 0),
	} {
		if got != "" {
			t.Errorf("%s: %q", what, got)
		}
	}
}

// kernelThread is a process that has no terminal, or one that is not there.
func kernelThread(t *testing.T) int {
	t.Helper()
	for _, pid := range []int{2, 1} {
		if _, err := os.Stat("/proc/" + strconv.Itoa(pid)); err == nil {
			return pid
		}
	}
	t.Fatal("there is no process 1")
	return 0
}

// TestOf: another process's user, start and terminal are the kernel's word. A terminal of the
// same number that is somebody else's here is not named.
func TestOf(t *testing.T) {
	system, me := Local(nil), uint32(os.Getuid())
	term := ttytest.Open(t)
	begun := bootTime()
	term.Lead(t, "sleep", "1000")
	leader := 0
	for deadline := time.Now().Add(10 * time.Second); leader == 0; time.Sleep(time.Millisecond) { // until setsid has become sleep
		processes, err := readProc("/proc")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range processes.leaders(term.Device) { // in another namespace there may be one with the same number
			if who, ok := processes.identity(p.pid); ok && who.ours && p.name == "sleep" {
				leader = p.pid
			}
		}
		if time.Now().After(deadline) {
			t.Fatalf("nobody leads %s", term.Name)
		}
	}
	peer, err := system.Of(leader)
	if err != nil || peer.UIDs != [4]uint32{me, me, me, me} || peer.Confined || peer.Terminal != term.Device {
		t.Errorf("%+v, %v", peer, err)
	}
	if at := begun.Add(peer.Started); time.Since(at) > time.Minute || time.Since(at) < -time.Second {
		t.Errorf("it began at %v", at)
	}
	elsewhere := System{Dev: t.TempDir(), Proc: "/proc"}
	if peer, err := elsewhere.Of(leader); err != nil || peer.Terminal != 0 {
		t.Errorf("on a terminal that is not here: %+v, %v", peer, err)
	}
	if peer, err := system.Of(1 << 30); err == nil {
		t.Errorf("no process: %+v", peer)
	}
}

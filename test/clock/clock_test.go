//go:build linux

// Package clock_test has countdowns go through what nobody does to a machine that others
// use: its clock is set, and it is suspended.
//
// The machine is one of its own: a Linux kernel as a process (User-mode Linux), with the
// tester's files, which it cannot write to. Its process 1 is this test program, which opens
// a terminal there, has msg count down, sets the clock, and tells what came at the terminal.
package clock_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// scenario is a countdown, and what happens to the clock meanwhile.
type scenario struct {
	Name  string
	Until time.Duration // from its beginning on
	Plus  bool          // said as +Until, and not as a time of the clock's
	At    string
	Steps []step // in their order
	want  []string
}

// step sets the clock after so much time.
type step struct{ After, Set time.Duration }

// todo is what the machine reads.
type todo struct {
	Msg       string // the program
	Scenarios []scenario
}

// told is what came at the terminal.
type told struct {
	Name  string
	Words []string
	Error string // what msg said, and how it ended
	Took  time.Duration
}

const (
	s = time.Second
	h = time.Hour
)

var scenarios = []scenario{
	{
		"as it is", 6 * s, false, "4s,2s", nil,
		[]string{"in 6 seconds", "in 4 seconds", "in 2 seconds"},
	}, {
		"an hour forward", h + 7*s, false, "30m,4s,2s",
		[]step{{s, h}},
		[]string{"in 1 hour", "in 6 seconds", "in 4 seconds", "in 2 seconds"},
	}, {
		"an hour back, and forward again", 8 * s, false, "6s,2s",
		[]step{{3 * s, -h}, {4 * s, h}},
		[]string{"in 8 seconds", "in 6 seconds", "in 2 seconds"},
	}, {
		"past the end", h, false, "30m,1m",
		[]step{{s, 2 * h}},
		[]string{"in 1 hour", "was due"},
	}, {
		"forward and back, a time from now", 7 * s, true, "5s,3s,1s",
		[]step{{s, h}, {3 * s, -2 * h}},
		[]string{"in 7 seconds", "in 5 seconds", "in 3 seconds", "in 1 second"},
	},
}

func TestMain(m *testing.M) {
	if os.Getpid() == 1 {
		inside()
	}
	os.Exit(m.Run())
}

func TestClock(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("Linux runs as a process on x86 alone, and the clock of a machine that others use is not for tests to set")
	}
	uml, err := exec.LookPath("linux.uml")
	if err != nil {
		t.Fatalf("%v: it is in Debian's package user-mode-linux", err)
	}
	msg, err := filepath.Abs("../../bin/msg")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	orders, err := json.Marshal(todo{msg, scenarios})
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "orders")
	if strings.ContainsAny(file+os.Args[0], " \t\"") {
		t.Fatalf("a kernel's command line takes no blanks, and there is one in %q or %q: TMPDIR says where they are", file, os.Args[0])
	}
	if err := os.WriteFile(file, orders, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, uml, "mem=256M", "rootfstype=hostfs", "ro", "quiet", "con=null", "con0=null,fd:1",
		"umid=msg-clock", "uml_dir="+t.TempDir(), "init="+os.Args[0], "MSG_ORDERS="+file)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // its kernel is several processes
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Error(err)
	}
	for _, scenario := range scenarios {
		got, found := answer(out, scenario.Name)
		if !found || got.Error != "" || !slices.Equal(got.Words, scenario.want) {
			t.Errorf("%s: %+v, want %q", scenario.Name, got, scenario.want)
		}
	}
	if t.Failed() {
		t.Logf("%s", out)
	}
}

// answer finds what the machine has told of a scenario.
func answer(out []byte, name string) (told, bool) {
	for line := range bytes.Lines(out) {
		var one told
		if begin := bytes.IndexByte(line, '{'); begin >= 0 && json.Unmarshal(bytes.TrimSpace(line[begin:]), &one) == nil && one.Name == name {
			return one, true
		}
	}
	return told{}, false
}

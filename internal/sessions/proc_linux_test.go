package sessions

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

// FuzzStatus holds that whatever a process calls itself, and whatever else a status has, who
// it belongs to is what the kernel says in a line of its own.
func FuzzStatus(f *testing.F) {
	f.Add("bash", uint32(1000), uint32(1000), "\t4242", "Gid:\t1000\t1000\n")
	f.Add("x Uid: 0 0", ^uint32(0), uint32(0), "\t4242\t7", "Groups:\t\n")
	f.Add("Uid:\t0\t0", uint32(1), uint32(2), "", "NSpid:\t1\nUid:\t0\t0\n")
	procfs := procfs{dir: f.TempDir()}
	write := writeFile(f, procfs.path(7, "status"))
	f.Fuzz(func(t *testing.T, name string, realUID, effective uint32, numbers, more string) {
		name = strings.ReplaceAll(name, "\n", `\n`) // as the kernel does (proc_task_name)
		numbers = strings.Join(strings.Fields(numbers), "\t")
		write(t, fmt.Sprintf("Name:\t%s\nUmask:\t0022\nUid:\t%d\t%d\t0\t0\nNSpid:\t%s\n%s", name, realUID, effective, numbers, more))
		want := identity{realUID, effective, strings.Count(numbers, "\t") < 1}
		if got, ok := procfs.identity(7); !ok || got != want {
			t.Errorf("%+v, %v; want %+v", got, ok, want)
		}
		write(t, more) // without a name in front
		if got, ok := procfs.identity(7); ok && !uidLine.MatchString(more) {
			t.Errorf("%q is of %+v", more, got)
		}
	})
}

var uidLine = regexp.MustCompile(`\nUid:\s*\d{1,10}\s+\d{1,10}`)

// FuzzSched holds that the time is that of the line that the kernel has it in, in
// nanoseconds, or is not known, whatever a process calls itself; and the processor is the one
// of its field.
func FuzzSched(f *testing.F) {
	f.Add("bash", int64(1_234_567_890_123), 3, "se.vruntime : 1.5\n")
	f.Add("\nse.exec_start:", int64(0), 0, "se.exec_start : 2.000000")
	f.Add("x) 1 2", int64(999_999), 127, "\nse.exec_start")
	procfs := procfs{dir: f.TempDir()}
	write := writeFile(f, procfs.path(7, "sched"))
	f.Fuzz(func(t *testing.T, name string, at int64, processor int, more string) {
		name = name[:min(len(name), 15)] // as long as the kernel has it; it is written as it is
		at = max(at, -at, 0)             // for the least number, 0
		write(t, fmt.Sprintf("%s (7, #threads: 1)\n---\nse.exec_start   :   %d.%06d\n%s", name, at/1e6, at%1e6, more))
		if got, ok := procfs.began(procfs.path(7, "sched")); ok && got != time.Duration(at) || !ok && !strings.Contains(name, "\n") {
			t.Errorf("%q: %v, %v; want %v", name, got, ok, time.Duration(at))
		}
		write(t, more)
		if got, ok := procfs.began(procfs.path(7, "sched")); ok && !schedLine.MatchString(more) {
			t.Errorf("%q is %v", more, got)
		}
		stat := "1 (" + name + ") S" + strings.Repeat(" -1", 35) + " " + strconv.Itoa(processor) + " 0\n"
		if got, ok := processorOf([]byte(stat)); !ok || got != processor {
			t.Errorf("%q ran on %d, %v", stat, got, ok)
		}
	})
}

var schedLine = regexp.MustCompile(`\nse\.exec_start[^:\n]*:\s*[-+]?\d*\.[-+\d]\d{5}\s`)

// writeFile makes a directory for a file, and returns what writes it.
func writeFile(f *testing.F, path string) func(t *testing.T, content string) {
	f.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		f.Fatal(err)
	}
	return func(t *testing.T, content string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

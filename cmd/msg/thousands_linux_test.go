package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/creack/pty"
)

// manyHosts are a tenth of what is planned for, as each is a process or two;
// MSG_TEST_HOSTS=9999 has them all.
const manyHosts = 1000

// TestThousandsOfHosts sends to as many, with a program in ssh's place: memory and open
// files do not grow with them, and what a person sees stays one line until the end.
func TestThousandsOfHosts(t *testing.T) {
	hosts := manyHosts
	_, _ = fmt.Sscan(os.Getenv("MSG_TEST_HOSTS"), &hosts)
	dir := t.TempDir()
	const ssh = `#!/bin/sh
case "$*" in *-G*) exit 0;; *"n0007 msg helper") sleep 3;; *999" msg helper") echo "ssh: connect to host x port 22: Connection refused" >&2; exit 255;; esac
echo '{"event":"hello","protocol":[1,1],"version":"1"}'
read -r request; sleep 0.1
echo '{"event":"delivered","host":"x","user":"bob","terminal":"pts/1"}'
echo '{"event":"end","results":1}'
`
	if err := os.WriteFile(filepath.Join(dir, "ssh"), []byte(ssh), 0o755); err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "msg")
	if out, err := exec.Command("go", "build", "-tags", "osusergo,netgo", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program, "-s", fmt.Sprintf("n[0001-%04d]", hosts), "bob", "hi")
	cmd.Env = []string{"PATH=" + dir + ":/usr/bin:/bin", "TERM=xterm", "HOME=" + dir}
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	mostFiles, memory, done := 0, 0, make(chan struct{})
	go func() {
		defer close(done)
		for {
			files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", cmd.Process.Pid))
			if err != nil || len(files) == 0 { // it has ended
				return
			}
			mostFiles, memory = max(mostFiles, len(files)), max(memory, peak(cmd.Process.Pid))
			time.Sleep(10 * time.Millisecond)
		}
	}()
	var seen bytes.Buffer
	_, _ = io.Copy(&seen, terminal) // ends with EIO, as terminals do
	_ = cmd.Wait()
	<-done
	failed := (hosts + 1) / 1000 // those that end in 999
	reached := hosts - failed
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("status %d", code)
	}
	if want := fmt.Sprintf("delivered to %d terminals of 1 person\r\n", reached); !strings.HasSuffix(seen.String(), want) {
		t.Errorf("it ends in %.300q, want %q", seen.String()[max(0, seen.Len()-300):], want)
	}
	if want := ": connection refused\r\n"; !strings.Contains(seen.String(), want) {
		t.Errorf("what was seen lacks %q", want)
	}
	shown := regexp.MustCompile(`(\d+) of `+fmt.Sprint(hosts)+` hosts`).FindAllString(seen.String(), -1)
	if len(shown) < 3 || len(shown) > 20*60*5 {
		t.Errorf("progress was shown %d times", len(shown))
	}
	t.Logf("%d hosts: %d KiB of memory, %d files at most, %d times progress", hosts, memory, mostFiles, len(shown))
	if memory == 0 || memory > 50<<10 {
		t.Errorf("%d KiB of memory", memory)
	}
	if mostFiles == 0 || mostFiles > 300 {
		t.Errorf("%d open files", mostFiles)
	}
}

// peak is the most memory that a process has had, in KiB (VmHWM in proc_pid_status(5));
// getrusage(2) would count the test's, from before execve(2).
func peak(pid int) (kib int) {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // it may have ended
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	_, _ = fmt.Sscan(rest, &kib)
	return kib
}

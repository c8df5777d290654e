package remote

import (
	"os/exec"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestAsks: a process asks while it, or what it has started, has the terminal open by its name.
func TestAsks(t *testing.T) {
	for script, want := range map[string]bool{
		"read answer":                             false, // not from the terminal's name
		"exec 3</dev/tty; read answer":            true,
		"(exec 3</dev/tty; read answer); :":       true, // as a jump host's ssh
		"sh -c '(exec 3</dev/tty; read x); :'; :": true,
		"exec 3</dev/tty; exec 3<&-; read answer": false, // it has asked
	} {
		cmd := exec.Command("sh", "-c", "echo begun; "+script)
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := terminal.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		got := !want
		for begun := time.Now(); got != want && time.Since(begun) < 20*time.Second; time.Sleep(10 * time.Millisecond) {
			got = asks(cmd.Process.Pid)
		}
		if !want { // and for some time
			time.Sleep(lookTime)
			got = asks(cmd.Process.Pid)
		}
		if got != want {
			t.Errorf("%s: %v", script, got)
		}
		_ = terminal.Close()
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if asks(cmd.Process.Pid) {
			t.Errorf("%s: asks when it has ended", script)
		}
	}
	t.Setenv("SSH_ASKPASS_REQUIRE", "force")
	if !asks(0) {
		t.Error("an askpass program asks, and nothing shows it")
	}
}

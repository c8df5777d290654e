package remote

import (
	"os/exec"
	"testing"

	"github.com/creack/pty"
)

// TestAsks: a process asks while it, or what it has started, has the terminal open by its name.
func TestAsks(t *testing.T) {
	const begun = "echo begun; read answer" // from standard input, which is no question of ssh's
	for script, want := range map[string]bool{
		begun:                              false,
		"exec 3</dev/tty; " + begun:        true,
		"(exec 3</dev/tty; " + begun + ")": true, // as a jump host's ssh
		"sh -c '(exec 3</dev/tty; " + begun + "); :'; :": true,
		"exec 3</dev/tty; exec 3<&-; " + begun:           false, // it has asked
		"(exec 3</dev/tty); " + begun:                    false, // what asked has ended
	} {
		cmd := exec.Command("sh", "-c", script)
		terminal, err := pty.Start(cmd)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := terminal.Read(make([]byte, 5)); err != nil {
			t.Fatal(err)
		}
		if got := asks(cmd.Process.Pid); got != want {
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

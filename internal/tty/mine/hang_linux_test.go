package mine_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"msg/internal/tty/hangtest"
	"msg/internal/tty/mine"
)

// hangEnv has a process of the test have a terminal that hangs; its value is the file for that.
const hangEnv = "MINE_TEST_HANG"

func TestMain(m *testing.M) {
	if file := os.Getenv(hangEnv); file != "" {
		fmt.Fprintln(os.Stderr, hangtest.Hang(file, os.Getuid()))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// TestFindHangs: a terminal that hangs as it is opened, in the place of the user's own, is left
// behind.
func TestFindHangs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root mounts what has a terminal hang")
	}
	path, _ := hangtest.Terminal(t, func(file string) *exec.Cmd {
		cmd := exec.Command(os.Args[0])
		cmd.Env = []string{hangEnv + "=" + file}
		return cmd
	})
	done := make(chan error, 1)
	go func() {
		_, err := mine.OpenInTime(path)
		done <- err
	}()
	select {
	case err := <-done:
		if err == nil || !strings.Contains(err.Error(), "hangs") {
			t.Errorf("it opens: %v", err)
		}
	case <-time.After(20 * time.Second):
		t.Fatal("it waits for the terminal")
	}
}

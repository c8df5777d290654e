package mine_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"msg/internal/tty/hangtest"
	"msg/internal/tty/mine"
)

func TestMain(m *testing.M) {
	hangtest.Main()
	os.Exit(m.Run())
}

// TestFindHangs: a terminal that hangs as it is opened, in the place of the user's own, is left
// behind.
func TestFindHangs(t *testing.T) {
	path, _ := hangtest.Terminal(t, os.Getuid())
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

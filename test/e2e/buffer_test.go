//go:build linux

package e2e_test

import (
	"bytes"
	"io"
	"os/exec"
	"regexp"
	"sync"
	"testing"
	"time"
)

// lockedBuffer keeps what a command writes while a test reads it.
type lockedBuffer struct {
	mu   sync.Mutex
	data bytes.Buffer
}

func (b *lockedBuffer) Write(data []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.data.Write(data)
}

// tended starts a command whose standard input stays open, and returns that and all that it says.
func tended(t *testing.T, cmd *exec.Cmd) (stdin io.Closer, out *lockedBuffer) {
	t.Helper()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out = &lockedBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return stdin, out
}

func (b *lockedBuffer) await(t *testing.T, want *regexp.Regexp) []string {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		b.mu.Lock()
		found := want.FindStringSubmatch(b.data.String())
		seen := b.data.String()
		b.mu.Unlock()
		if found != nil {
			return found
		}
		if time.Now().After(deadline) {
			t.Fatalf("%q does not come, but %q", want, seen)
		}
	}
}

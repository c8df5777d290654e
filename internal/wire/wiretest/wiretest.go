// Package wiretest has what tests of both ends of a conversation share.
package wiretest

import (
	"os"
	"testing"
	"time"
)

// Ample is how long what must come may take on a busy machine.
const Ample = 20 * time.Second

// Pipe is one of the kernel's.
func Pipe(t *testing.T) (r, w *os.File) {
	t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = w.Close()
		_ = r.Close()
	})
	return r, w
}

// Await waits for a value.
func Await[T any](t *testing.T, from <-chan T, what string) (v T) {
	t.Helper()
	select {
	case v = <-from:
	case <-time.After(Ample):
		t.Fatalf("%s does not come", what)
	}
	return v
}

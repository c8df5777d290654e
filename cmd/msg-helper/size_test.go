//go:build linux

package main

import (
	"os"
	"os/exec"
	"testing"
)

// mostBytes is what the helper may have: it is started for each message.
const mostBytes = 3_000_000

// TestSize builds the helper as it is installed.
func TestSize(t *testing.T) {
	if out, err := exec.Command("make", "-s", "-C", "../..", "libexec/msg-helper").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	info, err := os.Stat("../../libexec/msg-helper")
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d bytes", info.Size())
	if info.Size() >= mostBytes {
		t.Errorf("the helper has %d bytes", info.Size())
	}
}

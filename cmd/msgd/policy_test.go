//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"

	"msg/internal/accounts"
)

// TestCounted: all uids of a user's range have that user's count, and those of nobody have one.
func TestCounted(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("the accounts that this test is about are on the island, which is root's; as root, it runs")
	}
	subuid := filepath.Join(t.TempDir(), "subuid")
	if err := os.WriteFile(subuid, []byte("alice:100000:65536\nroot:300000:65536\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for uid, want := range map[uint32]uint32{
		0: 0, aliceUID: aliceUID, bobUID: bobUID,
		100000: aliceUID, 165535: aliceUID, 165536: 4294967295,
		300000: 300000, 365535: 300000, strangerUID: 4294967295,
	} {
		s := sender{who{uid: uid}, &accounts.Directory{}}
		if got := s.counted(t.Context(), subuid); got != want {
			t.Errorf("uid %d counts as %d; want %d", uid, got, want)
		}
	}
}

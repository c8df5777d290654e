//go:build linux

package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"msg/internal/accounts"
	"msg/internal/config"
	"msg/internal/consent"
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

// TestNamed: policy lists and what people say name senders in the same ways.
func TestNamed(t *testing.T) {
	names := &accounts.Directory{}
	w := who{uid: 1, groups: []uint32{1, 5}} // daemon, in tty
	for name, want := range map[string]bool{
		"*": true, "daemon": true, "1": true, "%tty": true, "%5": true,
		"root": false, "0": false, "%0": false, "%root": false, "%no-such-group": false, "no-such-user": false,
		"unit:msgd.service": false, "%": false,
	} {
		if got := (sender{w, names}).is(t.Context(), name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
	for _, c := range []struct {
		only string
		want consent.Answer
	}{
		{"daemon", consent.Yes},
		{"uid:1", consent.Yes},
		{"%tty", consent.Yes},
		{"%5", consent.Yes},
		{"root", consent.No},
		{"uid:0", consent.No},
		{"%root", consent.No},
		{"%0", consent.No},
	} {
		word := consent.Word{Say: consent.Yes, Only: []string{c.only}}
		from := consent.Sender{UID: w.uid, Names: []string{"daemon"}, InGroup: func(group string) bool { return sender{w, names}.inGroup(t.Context(), group) }}
		if got := word.For(from, time.Now()); got != c.want {
			t.Errorf("only %q: %v, want %v", c.only, got, c.want)
		}
	}
}

// TestUPS: the accounts of daemons that watch a power supply may send to everyone, if they are
// system accounts and root has written no list.
func TestUPS(t *testing.T) {
	for uid, want := range map[uint32]bool{1: true, 1001: false} {
		p := config.Policy{System: []string{"daemon"}}
		w := who{uid: uid}
		if uid != 1 {
			p.System = []string{"1001"}
		}
		if got := (sender{w, &accounts.Directory{}}).mayBroadcast(t.Context(), p).Granted; got != want {
			t.Errorf("uid %d: %v, want %v", uid, got, want)
		}
	}
}

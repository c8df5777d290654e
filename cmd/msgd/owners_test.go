//go:build linux

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

var named = uidsIn("root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1:::\nbroken:x\nworse:x:y:1\n\nbob:x:1001:1:::")

// TestParseSubuid: a line that is not exactly a range of a user's counts for nothing.
func TestParseSubuid(t *testing.T) {
	for line, want := range map[string][]subordinate{
		"alice:100000:65536":           {{100000, 65536, 1000}},
		"  alice:100000:65536  ":       {{100000, 65536, 1000}},
		"1001:165536:65536":            {{165536, 65536, 1001}},
		"root:100000:65536":            {{100000, 65536, ofRoot(100000)}},
		"0:100000:65536":               {{100000, 65536, ofRoot(100000)}},
		"alice:100000:0":               {{100000, 0, 1000}},
		"alice:4294967295:4294967295":  {{4294967295, 4294967295, 1000}},
		"":                             nil,
		"#alice:100000:65536":          nil,
		"alice":                        nil,
		"alice:100000":                 nil,
		"alice:100000:65536:":          nil,
		"alice:100000:65536:x":         nil,
		":100000:65536":                nil,
		"nobody-there:100000:65536":    nil,
		"broken:100000:65536":          nil,
		"worse:100000:65536":           nil,
		"alice:0:65536":                nil,
		"alice:-1:65536":               nil,
		"alice:+1:65536":               nil,
		"alice: 1:65536":               nil,
		"alice:0x10:65536":             nil,
		"alice:4294967296:1":           nil,
		"alice:1:18446744073709551616": nil,
		"alice:100000:65536\x00":       nil,
		"4294967296:100000:65536":      nil,
	} {
		if got := parseSubuid(line, named); !slices.Equal(got, want) {
			t.Errorf("%q: %v; want %v", line, got, want)
		}
		whole := "bob:1:2\n" + line + "\r\nbob:3:4"
		want = append(append([]subordinate{{1, 2, 1001}}, want...), subordinate{3, 4, 1001})
		if got := parseSubuid(whole, named); !slices.Equal(got, want) {
			t.Errorf("%q: %v; want %v", whole, got, want)
		}
	}
}

// FuzzParseSubuid: whatever the file holds, no range is root's, none begins at root, and each
// has a line of its own.
func FuzzParseSubuid(f *testing.F) {
	for _, seed := range []string{"alice:100000:65536\n", "root:1:4294967295", "0:0:1\n\nbob:1:1", "a:b:c:d\xff\x00"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, content string) {
		ranges := parseSubuid(content, named)
		if len(ranges) > strings.Count(content, "\n")+1 {
			t.Errorf("%q has %d ranges", content, len(ranges))
		}
		for _, r := range ranges {
			if r.owner == root || r.owner == nobody || r.first == 0 || r.first > 1<<32-1 || r.count > 1<<32-1 {
				t.Errorf("%q has %+v", content, r)
			}
		}
	})
}

// directory is a directory service that knows some uids, and answers when it is let.
type directory struct {
	mu      sync.Mutex
	has     map[uint32]bool
	asked   []uint32
	waiting int
	most    int
	answers chan struct{}
}

func (d *directory) ask(uid uint32) bool {
	d.mu.Lock()
	d.asked = append(d.asked, uid)
	d.waiting++
	d.most = max(d.most, d.waiting)
	d.mu.Unlock()
	<-d.answers
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting--
	return d.has[uid]
}

func (d *directory) questions() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.asked)
}

func write(t *testing.T, path, content string, at time.Time) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, at, at); err != nil {
		t.Fatal(err)
	}
}

// TestOwners: the owner of a range has its uids' conversations, and an account its own.
func TestOwners(t *testing.T) {
	asRoot(t)
	d := &directory{answers: make(chan struct{})}
	close(d.answers)
	path, now := filepath.Join(t.TempDir(), "subuid"), time.Now()
	o := newOwners(path, d.ask)
	expect := func(uid uint32, want owner) {
		t.Helper()
		if got := o.of(uid, now); got != want {
			t.Errorf("uid %d counts for %d, not for %d", uid, got, want)
		}
	}
	expect(100000, nobody) // there is no file
	write(t, path, "alice:100000:10\nbob:100005:10\nroot:200000:10\nroot:300000:10\nalice:41002:1\nroot:41001:1\nalice:4294967290:100\n", now)
	expect(0, root)
	expect(99999, nobody)
	expect(100000, aliceUID)
	expect(100009, aliceUID) // the first of two that have it
	expect(100010, bobUID)
	expect(100015, nobody)
	expect(200000, ofRoot(200000))
	expect(200009, ofRoot(200000)) // all of a range count as one
	expect(300000, ofRoot(300000))
	expect(200010, nobody)
	expect(4294967295, aliceUID)
	expect(aliceUID, aliceUID) // "root:1000:1" lets a container have a user's uid: it makes no root of her
	expect(bobUID, bobUID)
	write(t, path, "bob:100000:1\n", now.Add(time.Second))
	expect(100000, bobUID)
	expect(100001, nobody)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect(100000, nobody)
}

// TestManyRanges: a file with a range for each of thousands of users holds up nobody for long.
func TestManyRanges(t *testing.T) {
	asRoot(t)
	var content strings.Builder
	for i := range 20000 {
		fmt.Fprintf(&content, "alice:%d:65536\n", 100000+i*65536)
	}
	path := filepath.Join(t.TempDir(), "subuid")
	write(t, path, content.String(), time.Now())
	began := time.Now()
	if got := newOwners(path, func(uint32) bool { return false }).of(100000+19999*65536, began); got != aliceUID {
		t.Errorf("it counts for %d", got)
	}
	if took := time.Since(began); took > 500*time.Millisecond {
		t.Errorf("it took %v", took)
	}
}

// TestDirectoryService: a listener does not wait for a directory service. It has few questions open
// at once, and repeats the question for a uid without an account.
func TestDirectoryService(t *testing.T) {
	const first = 70000
	d := &directory{answers: make(chan struct{}), has: map[uint32]bool{first: true}}
	o, now := newOwners("/nonexistent", d.ask), time.Now()
	for range 3 {
		for uid := uint32(first); uid < first+2*mostAsking; uid++ {
			if got := o.of(uid, now); got != nobody {
				t.Errorf("uid %d counts for %d before it is known", uid, got)
			}
		}
	}
	eventually(t, "so many questions at once", func() bool { return d.questions() == mostAsking })
	for range mostAsking {
		d.answers <- struct{}{}
	}
	eventually(t, "an account is known", func() bool { return o.of(first, now) == first })
	close(d.answers)
	eventually(t, "every uid is asked for", func() bool {
		for uid := uint32(first); uid < first+2*mostAsking; uid++ {
			o.of(uid, now)
		}
		return d.questions() == 2*mostAsking
	})
	if d.most > mostAsking {
		t.Errorf("%d questions at once", d.most)
	}
	for range 100 { // an answer is remembered
		o.of(first, now.Add(time.Hour))
		o.of(first+1, now.Add(askAgain-1))
	}
	if n := d.questions(); n != 2*mostAsking {
		t.Errorf("%d questions", n)
	}
	d.mu.Lock()
	d.has[first+1] = true
	d.mu.Unlock()
	eventually(t, "a new account is known", func() bool { return o.of(first+1, now.Add(askAgain)) == first+1 })
}

// TestMostKnown: nobody makes it remember more than so many uids.
func TestMostKnown(t *testing.T) {
	o := newOwners("/nonexistent", nil)
	for uid := uint32(1); uid <= 2*mostKnown; uid++ {
		o.keep(uid, known{true, time.Time{}})
		if len(o.accounts) > mostKnown {
			t.Fatalf("%d uids are remembered", len(o.accounts))
		}
	}
	if got := o.of(2*mostKnown, time.Now()); got != 2*mostKnown {
		t.Errorf("the last counts for %d", got)
	}
}

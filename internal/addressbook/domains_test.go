//go:build unix

package addressbook

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"msg/internal/tail"
)

// setOf writes a configuration file of the test's own user and loads it.
func setOf(t *testing.T, content string) (*Book, error) {
	t.Helper()
	return load(mine(t, content, true))
}

func mine(t *testing.T, content string, namesOnly bool) file {
	t.Helper()
	path := filepath.Join(t.TempDir(), "msg.toml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file{path: path, owners: []uint32{uint32(os.Geteuid())}, namesOnly: namesOnly}
}

func TestHosts(t *testing.T) {
	s, err := setOf(t, `
[domains]
lab = "d[12-13],plain"
racks = ["rack1n[1-2]", "rack2n[1-2]!rack2n1", "@lab&plain"]
compute.command = "echo n[1-2],$DOMAINS_TEST; echo n9; cat; echo ignored >&2"
all = "@lab,@racks,@compute!d12"
[domains.more]
command = "echo @lab"
`)
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("DOMAINS_TEST", "n3")
	for name, want := range map[string]string{
		"lab":     "d12 d13 plain",
		"racks":   "rack1n1 rack1n2 rack2n2 plain",
		"compute": "n1 n2 n3 n9",
		"all":     "d13 plain rack1n1 rack1n2 rack2n2 n1 n2 n3 n9",
		"more":    "d12 d13 plain",
	} {
		got, err := s.Hosts(t.Context(), name)
		if err != nil || strings.Join(got, " ") != want {
			t.Errorf("%s is %q, %v; want %q", name, got, err, want)
		}
	}
	if got := s.Domains(); !slices.Equal(got, []string{"all", "compute", "lab", "more", "racks"}) {
		t.Errorf("the names are %q", got)
	}
}

func TestHostsRefuses(t *testing.T) {
	s, err := setOf(t, `
[domains]
self = "@self"
a = "@b"
b = "web1,@a"
empty = []
wrong = ["web1", "web[01-100]"]
file = "@./hosts.txt"
lost = "@nowhere"
fails.command = "echo web1; echo 'no such cluster' >&2; exit 3"
nothing.command = "echo; echo is down >&2"
noise.command = "echo 'cannot connect'"
words.command = "echo 'web1;web2'"
flood.command = "yes web1"
missing.command = "no-such-program-here"
killed.command = "kill -9 $$"
`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"self":    `domain "self": "@self" leads back to itself`,
		"a":       `domain "a": domain "b": "@a" leads back to itself`,
		"b":       `"@b" leads back to itself`,
		"empty":   `domain "empty": empty list of hosts`,
		"wrong":   `domain "wrong": the ends of "01-100" are padded`,
		"file":    `domain "file": a domain can't name a file, "@./hosts.txt"`,
		"lost":    `domain "lost": no domain "nowhere"; there is a, b,`,
		"fails":   `domain "fails": its command fails, exit status 3: no such cluster`,
		"nothing": `domain "nothing": its command prints nothing: is down`,
		"words":   `domain "words": "web1;web2" is no host name`,
		"flood":   `domain "flood": its command prints more than 1024 KiB`,
		"missing": `not found`,
		"killed":  `its command fails, signal: killed`,
		"nowhere": `no domain "nowhere"; there is a, b, empty, fails, file, flood, killed, lost, ...`,
		"../x":    `no domain "../x"`,
	} {
		got, err := s.Hosts(t.Context(), name)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s is %q, %v; want an error with %q", name, got, err, want)
		}
	}
	if _, err := s.Hosts(t.Context(), "nowhere"); !errors.Is(err, ErrUnknown) {
		t.Errorf("%v is no ErrUnknown", err)
	}
}

// TestCommandRunsOnce holds that it does, however often its domain is named.
func TestCommandRunsOnce(t *testing.T) {
	log := filepath.Join(t.TempDir(), "log")
	s, err := setOf(t, fmt.Sprintf("[domains]\nc.command = 'echo >> %s; echo web1'\nd = '@c,@c'", log))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"c", "d", "c"} {
		if _, err := s.Hosts(t.Context(), name); err != nil {
			t.Fatal(err)
		}
	}
	if ran, err := os.ReadFile(log); err != nil || string(ran) != "\n" {
		t.Errorf("%q, %v; want one line", ran, err)
	}
}

// TestCommandEnds holds that a command is ended in time, with what it has started.
func TestCommandEnds(t *testing.T) {
	patience = 300 * time.Millisecond
	defer func() { patience = 10 * time.Second }()
	late := filepath.Join(t.TempDir(), "late")
	for command, want := range map[string]string{
		"sleep 60":                      "takes longer than 300ms",
		"echo wait >&2; sleep 60 | cat": "takes longer than 300ms: wait",
		fmt.Sprintf("(sleep 2; touch %s) & echo web1", late): "", // by either limit
	} {
		start := time.Now()
		_, err := run(t.Context(), command)
		if err == nil || !strings.Contains(err.Error(), want) || time.Since(start) > 10*time.Second {
			t.Errorf("%q: %v after %v; want %q", command, err, time.Since(start), want)
		}
	}
	time.Sleep(1500 * time.Millisecond)
	if _, err := os.Stat(late); err == nil {
		t.Error("what the command had started went on")
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := run(ctx, "echo web1"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v; want that it was canceled", err)
	}
}

func TestTail(t *testing.T) {
	said := &tail.Tail{Most: 5}
	for _, words := range []string{"", "ab", "cd\nef", "g"} {
		if n, err := said.Write([]byte(words)); n != len(words) || err != nil {
			t.Errorf("%d, %v", n, err)
		}
	}
	if err := saying("wrong", said); err.Error() != "wrong: d efg" {
		t.Errorf("%q", err)
	}
}

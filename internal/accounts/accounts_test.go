package accounts

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"testing"
	"time"
)

func TestLocalAccounts(t *testing.T) {
	var d Directory
	root, err := d.User(t.Context(), "root")
	if err != nil || root.UID != 0 || root.Name != "root" {
		t.Errorf("root is %+v, %v", root, err)
	}
	if name := d.Name(t.Context(), 0); name != "root" {
		t.Errorf("uid 0 is %q", name)
	}
	if name := d.Name(t.Context(), 0); name != "root" {
		t.Errorf("uid 0, asked again, is %q", name)
	}
	g, err := d.Group(t.Context(), "root")
	if err != nil || !g.Has(root) {
		t.Errorf("group root is %+v, %v, without root whose primary group it is", g, err)
	}
}

func TestGroupNames(t *testing.T) {
	if names := GroupNames(); !slices.Contains(names, "root") {
		t.Errorf("the groups are %q, without root", names)
	}
}

func TestUnknownAccounts(t *testing.T) {
	var d Directory
	for _, name := range []string{"no-such-user-7", "", "-s", "0", "12345678", "a:b", "a\nb", "../x"} {
		if u, err := d.User(t.Context(), name); !errors.Is(err, ErrUnknown) {
			t.Errorf("user %q is %+v, %v", name, u, err)
		}
		if g, err := d.Group(t.Context(), name); !errors.Is(err, ErrUnknown) {
			t.Errorf("group %q is %+v, %v", name, g, err)
		}
	}
	for range 2 {
		if name := d.Name(t.Context(), 3999999999); name != "" {
			t.Errorf("uid 3999999999 is %q", name)
		}
	}
}

func TestGroupHas(t *testing.T) {
	ops := Group{Name: "ops", GID: 7, Members: []string{"bob"}}
	for u, want := range map[User]bool{
		{"bob", 1, 1}:   true,
		{"carol", 2, 7}: true,
		{"alice", 3, 3}: false,
		{"bo", 4, 4}:    false,
	} {
		if ops.Has(u) != want {
			t.Errorf("ops has %+v: %v", u, !want)
		}
	}
}

// TestGetentIsAsked uses the real getent, and a stand-in for a directory
// service that none of the test machines has.
func TestGetentIsAsked(t *testing.T) {
	var real Directory
	fields, err := real.askOne(t.Context(), "passwd", "root")
	if err != nil || fields[0] != "root" || fields[2] != "0" {
		t.Errorf("getent passwd root: %q, %v", fields, err)
	}
	d := service(t, `case "$1 $2" in
		"passwd ldapuser"|"passwd 70001") echo 'ldapuser:*:70001:70002:L. Dap:/home/l:/bin/sh';;
		"group ldapgroup") echo 'ldapgroup:*:70003:ldapuser,other';;
		"passwd broken") exit 1;;
		*) exit 2;; esac`)
	u, err := d.User(t.Context(), "ldapuser")
	if want := (User{"ldapuser", 70001, 70002}); err != nil || u != want {
		t.Errorf("got %+v, %v; want %+v", u, err, want)
	}
	if name := d.Name(t.Context(), 70001); name != "ldapuser" {
		t.Errorf("uid 70001 is %q", name)
	}
	g, err := d.Group(t.Context(), "ldapgroup")
	if err != nil || g.GID != 70003 || !slices.Equal(g.Members, []string{"ldapuser", "other"}) {
		t.Errorf("got %+v, %v", g, err)
	}
	if _, err := d.User(t.Context(), "broken"); err == nil || errors.Is(err, ErrUnknown) {
		t.Errorf("a failing getent says %v", err)
	}
}

func service(t *testing.T, script string) Directory {
	t.Helper()
	program := t.TempDir() + "/getent"
	if err := os.WriteFile(program, []byte("#!/bin/sh\n"+script+"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return Directory{Getent: program}
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var d Directory
	if _, err := d.ask(ctx, "passwd", "root"); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled question: %v", err)
	}
}

// TestHangingService holds that a service that hangs is asked once.
func TestHangingService(t *testing.T) {
	asked := t.TempDir() + "/asked"
	d := service(t, "echo >> "+asked+"; exec sleep 1000")
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for uid := range uint32(5) {
		if _, err := d.UserByID(ctx, 3999999990+uid); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	}
	if lines, err := os.ReadFile(asked); err != nil || len(lines) != 1 {
		t.Errorf("asked %d times, %v", len(lines), err)
	}
}

// TestManyNames holds that many uids take one question to the directory services, that what
// they answer before they fail counts, and that who is not asked for is not taken in.
func TestManyNames(t *testing.T) {
	asked := t.TempDir() + "/asked"
	for end, want := range map[string]map[uint32]string{
		"exit 2":          {0: "root", 70001: "ann", 70003: "cy"},
		"exit 1":          {0: "root", 70001: "ann", 70003: "cy"},
		"exec sleep 1000": {0: "root", 70001: "ann", 70003: "cy"},
	} {
		d := service(t, "echo $# >>"+asked+"; echo 'ann:*:70001:1::/:/bin/sh'; echo 'eve:*:70009:1::/:/bin/sh'; echo; echo x:y; echo 'cy:*:70003:1::/:/bin/sh'; "+end)
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		names := d.Names(ctx, []uint32{0, 70001, 70002, 70003, 70001})
		if !maps.Equal(names, want) {
			t.Errorf("%s: %v", end, names)
		}
		if name := d.byUID[70009].Name; name != "" {
			t.Errorf("%s: %q, who was not asked for", end, name)
		}
		cancel()
	}
	if counts, err := os.ReadFile(asked); err != nil || string(counts) != "4\n4\n4\n" { // passwd and three uids
		t.Errorf("asked with %q words, %v", counts, err)
	}
	d := service(t, "echo >>"+asked+"; shift; for uid; do echo u$uid:*:$uid:1::/:/bin/sh; done")
	var uids []uint32
	for uid := range uint32(2*mostKeys + 1) {
		uids = append(uids, 80000+uid)
	}
	if names := d.Names(t.Context(), uids); len(names) != len(uids) || names[80000] != "u80000" || names[uids[2*mostKeys]] != "u80200" {
		t.Errorf("%d names of %d uids: %v", len(names), len(uids), names)
	}
}

func TestPasswdLines(t *testing.T) {
	for line, want := range map[string]User{
		"bob:x:1001:100:Bob:/home/bob:/bin/sh": {"bob", 1001, 100},
		"bob:x:1001:100":                       {},
		"bob:x:1001:100:":                      {"bob", 1001, 100},
		"+bob:x:1001:100::":                    {},
		"-bob:x:1001:100::":                    {},
		":x:1001:100::":                        {},
		"bob:x:-1:100::":                       {},
		"bob:x:4294967296:100::":               {},
		"bob:x:4294967295:0::":                 {"bob", 4294967295, 0},
		"bob":                                  {},
		"":                                     {},
	} {
		if u, ok := userOf([]byte(line)); u != want || ok != (want != User{}) {
			t.Errorf("%q is %+v, %v", line, u, ok)
		}
	}
}

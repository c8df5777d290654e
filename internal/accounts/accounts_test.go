package accounts

import (
	"context"
	"errors"
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
	fields, err := real.ask(t.Context(), "passwd", "root")
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

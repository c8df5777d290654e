package accounts

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
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

// FuzzGroupFile holds that a group is what the first line says that has its name, and four
// fields: another line gives nobody the rights of one.
func FuzzGroupFile(f *testing.F) {
	f.Add("root:x:0:\n# a comment\nops:x:27:bob,carol,,bob\nops:x:0:eve\n")
	f.Add("ops:x:0:eve:more\nops:x:eve\nxops:x:0:eve\n+:::\nops:x:4294967295:bob\r\n")
	f.Add("ops\x00:x:0:eve\r\n ops:x:0:eve\n:x:0:\n\nops:x:-1:eve\nops:x:1:bob")
	path := filepath.Join(f.TempDir(), "group")
	groupFile = path
	f.Cleanup(func() { groupFile = "/etc/group" })
	line := regexp.MustCompile(`(?m)^([^:\n]*):[^:\n]*:([^:\n]*):([^:\n]*?)\r?$`)
	f.Fuzz(func(t *testing.T, content string) {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		var names []string
		var want *Group
		var number string
		for _, fields := range line.FindAllStringSubmatch(content, -1) {
			if names = append(names, fields[1]); fields[1] != "ops" || want != nil {
				continue
			}
			want, number = &Group{Name: "ops"}, fields[2]
			if gid, err := strconv.ParseUint(fields[2], 10, 32); err == nil {
				members := slices.DeleteFunc(strings.Split(fields[3], ","), func(name string) bool { return name == "" })
				want = &Group{"ops", uint32(gid), members}
			}
		}
		if got := GroupNames(); !slices.Equal(got, names) {
			t.Errorf("%q has %q, want %q", content, got, names)
		}
		d := Directory{FilesOnly: true}
		got, err := d.Group(t.Context(), "ops")
		isGroup := want != nil && want.Members != nil // Split makes no nil
		if isGroup != (err == nil) || isGroup && (got.Name != "ops" || got.GID != want.GID || !slices.Equal(got.Members, want.Members)) {
			t.Errorf("%q is %+v, %v; want %+v", content, got, err, want)
		}
		isPlain := isGroup && number == strconv.FormatUint(uint64(got.GID), 10) // 00 is looked for by nobody
		if byID, err := d.GroupByID(t.Context(), got.GID); isPlain && (err != nil || byID.GID != got.GID) {
			t.Errorf("%q: %d is %+v, %v", content, got.GID, byID, err)
		}
	})
}

// FuzzGetent holds that of what getent prints the first line counts, and that an account is
// taken from it only with numbers as they have to be.
func FuzzGetent(f *testing.F) {
	f.Add("ldapuser:*:70001:70002:L. Dap:/home/l:/bin/sh\n")
	f.Add("ldapuser:*:-1:4294967296::\nroot:x:0:0:::\n")
	f.Add("ldap:*:7:bob,,carol\nldap:*:0:eve")
	f.Add("a\x00b:x:+5:07:\xff")
	f.Add(":::")
	number := regexp.MustCompile(`^0*(\d{1,10})$`)
	isNumber := func(field string, id uint32) bool {
		found := number.FindStringSubmatch(field)
		return found != nil && strings.TrimLeft(found[1], "0") == strings.TrimLeft(strconv.FormatUint(uint64(id), 10), "0")
	}
	f.Fuzz(func(t *testing.T, out string) {
		fields, err := fieldsOf(out)
		if first, _, _ := strings.Cut(out, "\n"); (err == nil) != (strings.Count(first, ":") >= 3) || err == nil && strings.Join(fields, ":") != first {
			t.Errorf("%q has %q, %v", out, fields, err)
		}
		if err != nil {
			return
		}
		u, err := parseUser(fields)
		if err == nil && (u.Name != fields[0] || !isNumber(fields[2], u.UID) || !isNumber(fields[3], u.GID)) {
			t.Errorf("%q is %+v", out, u)
		}
		g, err := parseGroup(fields)
		if err == nil && (g.Name != fields[0] || !isNumber(fields[2], g.GID) || strings.Join(g.Members, ",") != withoutGaps(fields[3])) {
			t.Errorf("%q is %+v", out, g)
		}
	})
}

// withoutGaps leaves out the names of no letter in a list of members.
func withoutGaps(list string) string {
	for strings.Contains(list, ",,") {
		list = strings.ReplaceAll(list, ",,", ",")
	}
	return strings.Trim(list, ",")
}

// FuzzPasswdLine holds that a line is an account only if it has the fields of passwd(5), and
// that it is the one that they say.
func FuzzPasswdLine(f *testing.F) {
	for _, line := range []string{"bob:x:1001:100:Bob:/home/bob:/bin/sh", "+bob:x:1:1::", "a:b", ":x:0:0::", "x::00:+1:", "eve:x:0\x00:0:"} {
		f.Add(line)
	}
	lines := regexp.MustCompile(`^([^:+-][^:]*):[^:]*:([0-9]+):([0-9]+)(:(?s:.*))?$`)
	f.Fuzz(func(t *testing.T, line string) {
		got, ok := userOf([]byte(line))
		want, known := User{}, false
		if fields := lines.FindStringSubmatch(line); fields != nil && fields[4] != "" {
			uid, uidErr := strconv.ParseUint(fields[2], 10, 32)
			gid, gidErr := strconv.ParseUint(fields[3], 10, 32)
			if known = uidErr == nil && gidErr == nil; known {
				want = User{fields[1], uint32(uid), uint32(gid)}
			}
		}
		if got != want || ok != known {
			t.Errorf("%q is %+v, %v; want %+v, %v", line, got, ok, want, known)
		}
	})
}

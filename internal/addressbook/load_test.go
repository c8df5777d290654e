//go:build unix

package addressbook

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"msg/internal/target"
)

func TestLoadRefuses(t *testing.T) {
	for content, want := range map[string]string{
		"[domains]\n\nlab = 1":                          "line 3: domains.lab must be a string or a list of strings",
		"[domains]\nlab = ['d12', 1]":                   "line 2: domains.lab must be a string or a list",
		"[domains]\nlab.command = ['echo']":             "line 2: domains.lab.command must be a command",
		"[domains]\nlab.command = ' '":                  "domains.lab.command must be a command",
		"[domains]\nlab.comand = 'echo'":                `line 2: "lab.comand" is no domain's name`,
		"[domains]\n'a b' = 'd12'":                      `"a b" is no domain's name`,
		"[domains]\n'' = 'd12'":                         `"" is no domain's name`,
		"[domains]\n'./x' = 'd12'":                      `"./x" is no domain's name`,
		"[domains]\nlab = 'd1'\nlab.command = ''":       "line 3: ",
		"[domains]\nlab = 'd1'\nlab.command = 'x'":      `line 3: the domain "lab" is there twice`,
		"[domains]\nlab = 'd1'\nlab = 'd2'":             "line 3: domains.lab is there twice",
		"[domains]\nlab = 'd1'\n[policy]\nsend = ['*']": `line 4: unknown key "policy.send"; a user's file has aliases and domains alone`,
		"lab = 'd1'":     `line 1: unknown key "lab"`,
		"[domains]\nlab": "line 2: ",
	} {
		f := mine(t, content, true)
		if s, err := load(f); err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), f.path) {
			t.Errorf("%q is %v, %v; want an error with %q", content, s, err, want)
		}
	}
}

// TestLoadBoth holds that the user's domains come first, and that the system's file
// may have what is not ours.
func TestLoadBoth(t *testing.T) {
	user := mine(t, "[domains]\nlab = 'mine'\nplus = '@lab,@shared'", true)
	system := mine(t, "[policy]\nsend = 1\n[domains]\nlab = 'theirs'\nshared = 'web1'", false)
	system.owners = []uint32{uint32(os.Geteuid())} // in a test, it need not be root's
	s, err := load(user, file{path: filepath.Join(t.TempDir(), "missing"), owners: system.owners}, file{}, system)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Hosts(t.Context(), "plus"); err != nil || strings.Join(got, " ") != "mine web1" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLoadWithoutFiles(t *testing.T) {
	dir := t.TempDir()
	s, err := load(usersFile(dir+"/user"), file{path: dir + "/system", owners: []uint32{uint32(os.Geteuid())}})
	if err != nil || len(s.Domains()) != 0 {
		t.Fatalf("%v, %v", s, err)
	}
	want := `no domain "lab"; none is defined in ` + dir + "/user or " + dir + "/system"
	if _, err := s.Hosts(t.Context(), "lab"); err == nil || err.Error() != want {
		t.Errorf("%v; want %s", err, want)
	}
}

// TestLoadOfOthers holds that a file is refused that somebody else can write to: it
// may have commands.
func TestLoadOfOthers(t *testing.T) {
	f := mine(t, "[domains]\nlab.command = 'echo d12'", true)
	if err := os.Chmod(f.path, 0o620); err != nil {
		t.Fatal(err)
	}
	if _, err := Load("", f.path); err == nil || !strings.Contains(err.Error(), "others than the owner may write") {
		t.Errorf("%v; want it refused", err)
	}
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Chown(f.path, 65534, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := Load("", f.path); err == nil || !strings.Contains(err.Error(), "belongs to uid 65534; it must be yours or root's") {
		t.Errorf("%v; want it refused", err)
	}
}

// TestLoadOfNone holds that who has no home, or somebody else's, has no names of their own; and
// that a directory alone, whoever may write to it, is none either.
func TestLoadOfNone(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/dev/null/.config/msg/msg.toml", dir + "/msg.toml"} {
		if s, err := Load("", path); err != nil || len(s.All()) != 0 {
			t.Errorf("%s: %v, %v", path, s, err)
		}
	}
}

// TestLoadSkips holds that root takes no names of a file that somebody else has a hand in, by a
// link either, has those of the other file, and is told.
func TestLoadSkips(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("who is not root is refused such a file: TestLoadOfOthers")
	}
	system := filepath.Join(t.TempDir(), "msg.toml")
	home := t.TempDir()
	theirs := filepath.Join(home, "msg.toml")
	link := filepath.Join(home, "link")
	err := errors.Join(
		os.WriteFile(system, []byte("[aliases]\noncall = '%ops'\n"), 0o644),
		os.WriteFile(theirs, []byte("[aliases]\nteam = 'eve'\n"), 0o644),
		os.Symlink(system, link), os.Lchown(link, 65534, 0), os.Chown(theirs, 65534, 0), os.Chown(home, 65534, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []string{theirs, link} {
		s, err := Load(system, user)
		var skipped Skipped
		if !errors.As(err, &skipped) || !strings.Contains(err.Error(), "belongs to uid 65534") || strings.Join(s.Aliases(), " ") != "oncall" {
			t.Errorf("%s: %v, %v", user, s, err)
		}
	}
	if s, err := Load(theirs, system); !errors.As(err, &Skipped{}) || strings.Join(s.Aliases(), " ") != "oncall" {
		t.Errorf("the system's file of somebody else: %v, %v", s, err)
	}
	if s, err := Load(system, filepath.Join(home, "none")); err != nil || strings.Join(s.Aliases(), " ") != "oncall" {
		t.Errorf("somebody else's home without a file: %v, %v", s, err)
	}
}

// FuzzNames holds that what a file is read as are names in their grammar, each once and with
// something behind it; and that whatever aliases and domains stand for comes to an end, without
// aliases that are left, and to hosts that are each there once. No command is run.
func FuzzNames(f *testing.F) {
	f.Add("[aliases]\nteam = ['bob', 'b,%ops@web1']\nb = 'team'\nbob = 'bob,pts/3'\n", true)
	f.Add("[domains]\nlab = 'd[12-13]'\nall = ['@lab', 'x!x']\nme = '@me'\nweb.command = 'echo x'\n", false)
	f.Add("[aliases]\n'' = 'x'\n\"a b\" = 'x'\n[domains]\n'./x' = 'd'\n", true)
	f.Add("aliases = { a = 'b', b = 'c', c = 'a' }\nx = 1", false)
	domain := regexp.MustCompile(`^[A-Za-z0-9_-]+$`)
	f.Fuzz(func(t *testing.T, content string, namesOnly bool) {
		found, err := file{path: "msg.toml", namesOnly: namesOnly}.parse(content)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "msg.toml: ") {
				t.Errorf("%q: %v", content, err)
			}
			return
		}
		set, commands := mustLoad(t), false
		for _, e := range found {
			set.add(e)
			commands = commands || e.Command != ""
			if e.Hidden || e.Line < 1 || e.IsAlias() && !IsAlias(e.Name) || !e.IsAlias() && (!domain.MatchString(e.Name) || e.Command != "" && e.Hosts != "") {
				t.Errorf("%q has %+v", content, e)
			}
		}
		for _, name := range set.Aliases() {
			all, err := set.Expand([]target.Target{{Kind: target.Word, Name: name, Hosts: "web1"}})
			if err == nil && (len(all) == 0 || len(all) > mostTargets) {
				t.Errorf("%q: %q comes to %d targets", content, name, len(all))
			}
			seen := map[target.Target]bool{}
			for _, one := range all {
				stays := slices.Contains(set.aliases[one.Name].Targets, target.Target{Kind: target.Word, Name: one.Name, Hosts: one.Hosts}) ||
					slices.Contains(set.aliases[one.Name].Targets, target.Target{Kind: target.Word, Name: one.Name})
				if _, isAlias := set.aliases[one.Name]; seen[one] || one.Hosts == "" || one.Kind == target.File || one.Kind == target.Word && isAlias && !stays {
					t.Errorf("%q: %q comes to %v", content, name, all)
				}
				seen[one] = true
			}
		}
		for _, name := range set.Domains() {
			if commands {
				break
			}
			hosts, err := set.Hosts(t.Context(), name)
			if sorted := slices.Sorted(slices.Values(hosts)); err == nil && (len(hosts) == 0 || len(slices.Compact(sorted)) != len(hosts)) {
				t.Errorf("%q: %q has %q", content, name, hosts)
			}
		}
	})
}

// mustLoad is a set of no names.
func mustLoad(t *testing.T) *Book {
	t.Helper()
	set, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

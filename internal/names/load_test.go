//go:build unix

package names

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
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
	s, err := load(user, file{path: filepath.Join(t.TempDir(), "missing")}, file{}, system)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Hosts(t.Context(), "plus"); err != nil || strings.Join(got, " ") != "mine web1" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestLoadWithoutFiles(t *testing.T) {
	dir := t.TempDir()
	s, err := Load(dir+"/system", dir+"/user")
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

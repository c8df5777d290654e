//go:build unix

package addressbook

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"msg/internal/config"
	"msg/internal/target"
)

func TestWithAlias(t *testing.T) {
	for _, c := range []struct{ content, name, list, want string }{
		{"", "team", "bob", "[aliases]\nteam = \"bob\"\n"},
		{"", "team", "bob %ops", "[aliases]\nteam = [\"bob\", \"%ops\"]\n"},
		{"", "john.doe", `ad\jd`, "[aliases]\n\"john.doe\" = \"ad\\\\jd\"\n"},
		{"# mine\n[domains]\nlab = 'd12'", "team", "bob", "# mine\n[domains]\nlab = 'd12'\n\n[aliases]\nteam = \"bob\"\n"},
		{"[aliases]\na = 'x' # why\n\n# of domains\n[domains]\n", "team", "bob", "[aliases]\na = 'x' # why\nteam = \"bob\"\n\n# of domains\n[domains]\n"},
		{"[aliases] # names\n", "team", "bob", "[aliases] # names\nteam = \"bob\"\n"},
		{"[aliases]", "team", "bob", "[aliases]\nteam = \"bob\"\n"},
		{"[aliases]\nteam = [\n  'x',\n  'y', # ]\n]\nb = 'z'\n", "team", "bob", "[aliases]\nteam = \"bob\"\nb = 'z'\n"},
		{"[aliases]\n# of a\na = 'x' # still a\n# of b\nb = 'y'\n", "a", "bob", "[aliases]\n# of a\na = \"bob\"\n# of b\nb = 'y'\n"},
		{"[domains]\naliases = 'h1'\n", "team", "bob", "[domains]\naliases = 'h1'\n\n[aliases]\nteam = \"bob\"\n"},
		{"[aliases]\r\na = 'x'\r\n", "team", "bob", "[aliases]\r\na = 'x'\r\nteam = \"bob\"\r\n"},
		{"# mine\r\n", "team", "bob", "# mine\r\n\r\n[aliases]\r\nteam = \"bob\"\r\n"},
		{"[aliases]\nteam = [\n  'x',\n  'y', # ]\n]\nb = 'z'\n", "team", "", "[aliases]\nb = 'z'\n"},
		{"[aliases]\r\nteam = 'x'\r\nb = 'z'\r\n", "team", "", "[aliases]\r\nb = 'z'\r\n"},
		{"[aliases]\n\"team\" = 'x'\n", "team", "", "[aliases]\n"},
		{"aliases.team = 'x'\n[domains]\n", "team", "", "[domains]\n"},
	} {
		got, err := withAlias(c.content, c.name, strings.Fields(c.list))
		if err != nil || got != c.want {
			t.Errorf("%q with %s = %q is %q, %v; want %q", c.content, c.name, c.list, got, err, c.want)
		}
	}
}

// TestWithAliasByHand holds that a file is left alone where another key would be changed.
func TestWithAliasByHand(t *testing.T) {
	for _, content := range []string{
		"aliases = { team = 'x', b = 'y' }\n",
		"[aliases]\nteam = [\n" + strings.Repeat("\n", mostLines) + "'x']\n",
		"[aliases]\nteam = \"\"\"\\\n  # bob\"\"\"\n",
		"[aliases]\nteam = '''bob'''\n",
		"[aliases]\nteam.x = 'bob'\n",
	} {
		if got, err := withAlias(content, "team", nil); !errors.Is(err, ErrByHand) {
			t.Errorf("%q is %q, %v; want it left to be edited by hand", content, got, err)
		}
	}
	for _, content := range []string{"aliases = { b = 'y' }\n", "aliases.b = 'y'\n", "aliases = {}\n", "\"aliases\" . b = 'y'\n"} {
		if got, err := withAlias(content, "team", []string{"bob"}); !errors.Is(err, ErrByHand) {
			t.Errorf("%q is %q, %v: a table that is there already", content, got, err)
		}
	}
	if got, err := withAlias("[aliases\n", "team", []string{"bob"}); err == nil {
		t.Errorf("a file that cannot be read is %q", got)
	}
}

// FuzzWithAlias holds that a file says the same as before but for the alias, and that all that
// is not the alias's own is there as it was written.
func FuzzWithAlias(f *testing.F) {
	f.Add("[aliases]\nteam = ['x']\nb = 'y'\n[domains]\nlab = 'd12'\n", "bob")
	f.Add("aliases.team = 'x'", "")
	f.Fuzz(func(t *testing.T, content, list string) {
		before, err := config.Settings(content)
		if err != nil {
			return
		}
		var lists []string
		if targets, err := target.Parse(list); err == nil {
			lists = []string{targets[0].String()}
		}
		changed, err := withAlias(content, "team", lists)
		if err != nil {
			return
		}
		after, err := config.Settings(changed)
		if err != nil {
			t.Fatalf("%q becomes %q, %v", content, changed, err)
		}
		was, is := valuesOf(before), valuesOf(after)
		if got, ok := is["aliases.team"]; ok != (lists != nil) || ok && got != lists[0] {
			t.Errorf("%q with %q is %q, where it is %v", content, lists, changed, got)
		}
		delete(was, "aliases.team")
		delete(is, "aliases.team")
		if len(was) != len(is) {
			t.Errorf("%q becomes %q: other keys have changed", content, changed)
		}
		rest := changed
		for line := range strings.Lines(content) {
			line = strings.TrimRight(line, "\r\n")
			if at := strings.Index(rest, line); at >= 0 {
				rest = rest[at+len(line):]
			} else if _, isThere := valuesOf(before)["aliases.team"]; !isThere {
				t.Errorf("%q becomes %q, without %q", content, changed, line)
			}
		}
	})
}

func TestSetAlias(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "msg", "msg.toml")
	bob, err := target.Parse("bob,%ops@web1")
	if err != nil {
		t.Fatal(err)
	}
	if err := DropAlias(path, "team"); !errors.Is(err, ErrNoAlias) {
		t.Errorf("to drop one without a file: %v", err)
	}
	var all sync.WaitGroup
	for _, name := range []string{"team", "b", "c", "d", "e"} {
		all.Go(func() { // none is lost
			if err := SetAlias(path, name, bob); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		})
	}
	all.Wait()
	s, err := Load("", path)
	if err != nil || strings.Join(s.Aliases(), " ") != "b c d e team" {
		t.Fatalf("%v, %v", s, err)
	}
	if got, err := expanded(t, s, "team"); err != nil || got != "bob %ops@web1" {
		t.Errorf("%q, %v", got, err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(DropAlias(path, "team"), DropAlias(path, "b")); err != nil {
		t.Error(err)
	}
	if err := DropAlias(path, "team"); !errors.Is(err, ErrNoAlias) {
		t.Errorf("to drop it again: %v", err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v; want the mode that it had", info, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v; want one file alone", left, err)
	}
}

// TestSetAliasRefuses holds that nothing is written that could not be read again, nor where
// somebody else could have written.
func TestSetAliasRefuses(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "msg.toml")
	for name, list := range map[string]string{"%ops": "bob", "a b": "bob", "pts/3": "bob", "team": "@/etc/people"} {
		targets, err := target.Parse(list)
		if err != nil {
			t.Fatal(err)
		}
		if err := SetAlias(path, name, targets); err == nil {
			t.Errorf("%s = %s is taken", name, list)
		}
	}
	bob := []target.Target{{Kind: target.Word, Name: "bob"}}
	if err := SetAlias(path, "team", nil); err == nil {
		t.Error("no targets are taken")
	}
	if err := os.WriteFile(path, []byte("# mine\n"), 0o622); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(path, 0o622); err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(path, "team", bob); err == nil || !strings.Contains(err.Error(), "others than the owner may write") {
		t.Errorf("%v", err)
	}
	long := "# " + strings.Repeat("x", config.MostBytes-10) + "\n"
	if err := errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, []byte(long), 0o600)); err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(path, "team", bob); err == nil || !strings.Contains(err.Error(), "would be longer than 1024 KiB") {
		t.Errorf("%v", err)
	}
	if err := os.WriteFile(path, []byte("[policy]\nsend = ['*']\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(path, "team", bob); err == nil || !strings.Contains(err.Error(), `unknown key "policy.send"`) {
		t.Errorf("what is no user's file: %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 1 {
		t.Errorf("%v, %v; want one file alone", left, err)
	}
}

// TestSetAliasOfOthers holds that root is not led to where somebody else has root write.
func TestSetAliasOfOthers(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root has more rights than whose directory it is")
	}
	bob := []target.Target{{Kind: target.Word, Name: "bob"}}
	home, kept := t.TempDir(), t.TempDir()
	if err := errors.Join(os.Chown(home, 65534, 0), os.Symlink(kept, filepath.Join(home, ".config"))); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"", ".new/msg", ".config/msg"} {
		path := filepath.Join(home, dir, "msg.toml")
		if err := SetAlias(path, "team", bob); err == nil || !strings.Contains(err.Error(), "belongs to uid 65534") {
			t.Errorf("%s: %v", path, err)
		}
	}
	// Links of root's that lead by one of theirs to a file of root's.
	mine := t.TempDir()
	real, theirs := filepath.Join(mine, "real"), filepath.Join(home, "link")
	err := errors.Join(os.WriteFile(real, []byte("# mine\n"), 0o644), os.Symlink(real, theirs), os.Lchown(theirs, 0, 0), os.Symlink(theirs, filepath.Join(mine, "msg.toml")))
	if err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(filepath.Join(mine, "msg.toml"), "team", bob); err == nil || !strings.Contains(err.Error(), "belongs to uid 65534") {
		t.Errorf("by a link: %v", err)
	}
	if err := os.Remove(theirs); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]int{home: 1, kept: 0} {
		if left, err := os.ReadDir(dir); err != nil || len(left) != want {
			t.Errorf("%s has %v, %v", dir, left, err)
		}
	}
}

// TestSetAliasAfterKilled: what a program has left that was killed is in nobody's way.
func TestSetAliasAfterKilled(t *testing.T) {
	path := filepath.Join(t.TempDir(), "msg.toml")
	err := errors.Join(os.WriteFile(path, []byte("# mine\n"), 0o444), os.WriteFile(path+".new", []byte("half"), 0o444), os.WriteFile(path+".lock", nil, 0o600))
	if err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(path, "team", []target.Target{{Kind: target.Word, Name: "bob"}}); err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(path); err != nil || string(data) != "# mine\n\n[aliases]\nteam = \"bob\"\n" {
		t.Errorf("%q, %v", data, err)
	}
	if left, err := os.ReadDir(filepath.Dir(path)); err != nil || len(left) != 1 {
		t.Errorf("%v, %v; want one file alone", left, err)
	}
}

// TestSetAliasKeepsGroup: a file that a group may read stays one.
func TestSetAliasKeepsGroup(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root may give a file any group")
	}
	path := filepath.Join(t.TempDir(), "msg.toml")
	if err := errors.Join(os.WriteFile(path, nil, 0o640), os.Chown(path, 0, 5)); err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(path, "team", []target.Target{{Kind: target.Word, Name: "bob"}}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o640 || info.Sys().(*syscall.Stat_t).Gid != 5 {
		t.Errorf("%v, %v", info, err)
	}
}

// TestMakeDir: root's umask keeps nobody from reading the system's file.
func TestMakeDir(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o077))
	dir := t.TempDir()
	for name, forAll := range map[string]bool{"etc/msg": true, "home/msg": false} {
		path := filepath.Join(dir, name)
		if err := makeDir(path, forAll); err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o700)
		if forAll {
			want = 0o755
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
}

// TestSetAliasBehindLink holds that a link to the file stays one.
func TestSetAliasBehindLink(t *testing.T) {
	kept, dir := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(kept, "msg.toml"), []byte("# kept\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "msg.toml")
	if err := os.Symlink(filepath.Join(kept, "msg.toml"), link); err != nil {
		t.Fatal(err)
	}
	if err := SetAlias(link, "team", []target.Target{{Kind: target.Word, Name: "bob"}}); err != nil {
		t.Fatal(err)
	}
	if to, err := os.Readlink(link); err != nil || to != filepath.Join(kept, "msg.toml") {
		t.Errorf("%q, %v", to, err)
	}
	if data, err := os.ReadFile(link); err != nil || string(data) != "# kept\n\n[aliases]\nteam = \"bob\"\n" {
		t.Errorf("%q, %v", data, err)
	}
}

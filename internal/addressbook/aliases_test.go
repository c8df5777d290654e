//go:build unix

package addressbook

import (
	"fmt"
	"strings"
	"testing"

	"msg/internal/target"
)

func expanded(t *testing.T, s *Book, list string) (string, error) {
	t.Helper()
	targets, err := target.Parse(list)
	if err != nil {
		t.Fatal(err)
	}
	targets, err = s.Expand(targets)
	words := make([]string, len(targets))
	for i, one := range targets {
		words[i] = one.String()
	}
	return strings.Join(words, " "), err
}

func TestExpand(t *testing.T) {
	s, err := setOf(t, `
[aliases]
team = ["alice", "carl@web[1-2],%ops"]
ali = "user:alice"
all = "*"
bob = "bob,bob@web1"
both = ["team", "bob", "alice"]
everywhere = "all@db1"
"john.doe" = "jd"
here = "pts/3"
a = "b"
b = ["c", "x"]
c = "a"
`)
	if err != nil {
		t.Fatal(err)
	}
	for list, want := range map[string]string{
		"team":             "alice carl@web[1-2] %ops",
		"ali":              "user:alice",
		"team,alice,carol": "alice carl@web[1-2] %ops carol",
		"user:team,%team":  "user:team %team",
		"bob":              "bob bob@web1",
		"bob@web9":         "bob@web9 bob@web1",
		"both":             "alice carl@web[1-2] %ops bob bob@web1",
		"team@db1":         "alice@db1 carl@web[1-2] %ops@db1",
		"everywhere":       "*@db1",
		"john.doe,here":    "jd pts/3",
		"carol,*":          "carol *",
	} {
		if got, err := expanded(t, s, list); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", list, got, err, want)
		}
	}
	for _, list := range []string{"a", "c", "team,b"} {
		if got, err := expanded(t, s, list); err == nil || !strings.Contains(err.Error(), "leads back to itself") {
			t.Errorf("%q is %q, %v; want that it leads back to itself", list, got, err)
		}
	}
}

// TestExpandIsBounded holds that aliases of aliases come to an end: here to 200 times 100
// targets, and with 20 that name each other twice.
func TestExpandIsBounded(t *testing.T) {
	content := "[aliases]\nevery = '"
	for i := range 200 {
		content += fmt.Sprintf("people@h%d,", i)
	}
	content += "bob'\npeople = '"
	for i := range 100 {
		content += fmt.Sprintf("u%d,", i)
	}
	content += "bob'\na0 = 'bob'\n"
	for i := 1; i <= 20; i++ {
		content += fmt.Sprintf("a%d = ['a%d', 'a%d@h%d']\n", i, i-1, i-1, i)
	}
	s, err := setOf(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := expanded(t, s, "every"); err == nil || !strings.Contains(err.Error(), "more than 10000 targets") {
		t.Errorf("%d targets, %v", strings.Count(got, " ")+1, err)
	}
	if got, err := expanded(t, s, "a20"); err != nil || strings.Count(got, " ") != 20 {
		t.Errorf("%q, %v; want bob here and on 20 hosts", got, err)
	}
}

func TestAliasesRefused(t *testing.T) {
	for content, want := range map[string]string{
		"[aliases]\nteam = 1":               "line 2: aliases.team must be a string or a list of strings",
		"[aliases]\nteam = []":              "line 2: aliases.team must be a string or a list of strings",
		"[aliases]\nteam = ''":              "line 2: aliases.team: empty target",
		"[aliases]\nteam = ['bob,,carol']":  "aliases.team: empty target",
		"[aliases]\nteam = '@/etc/people'":  "line 2: aliases.team: an alias can't name a file",
		"[aliases]\n'%ops' = 'bob'":         `"%ops" can't be an alias`,
		"[aliases]\n'*' = 'bob'":            `"*" can't be an alias`,
		"[aliases]\n'pts/3' = 'bob'":        `"pts/3" can't be an alias`,
		"[aliases]\ntty1 = 'bob'":           `"tty1" can't be an alias`,
		"[aliases]\n'a b' = 'bob'":          `"a b" can't be an alias`,
		"[aliases]\n'bob@web1' = 'bob'":     `"bob@web1" can't be an alias`,
		"[aliases]\nteam='bob'\nteam='eve'": "line 3: aliases.team is there twice",
		"[aliasses]\nteam = 'bob'":          `line 2: unknown key "aliasses.team"`,
	} {
		if s, err := load(mine(t, content, true)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is %v, %v; want an error with %q", content, s, err, want)
		}
	}
}

// TestLongWay holds that an alias cannot lead through any number of others.
func TestLongWay(t *testing.T) {
	content := "[aliases]\n"
	for i := range mostWithin + 2 {
		content += fmt.Sprintf("a%d = 'a%d'\n", i, i+1)
	}
	s, err := setOf(t, content)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := expanded(t, s, "a0"); err == nil || !strings.Contains(err.Error(), "more than 100 others") {
		t.Errorf("%v", err)
	}
	if got, err := expanded(t, s, "a3"); err != nil || got != fmt.Sprint("a", mostWithin+2) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestAllOfBoth holds that a name in both files is the user's, and that the system's is still
// shown, as hidden.
func TestAllOfBoth(t *testing.T) {
	user := mine(t, "[aliases]\nteam = 'mine'\n[domains]\nlab = 'web1'\nteam = 'web2'", true)
	system := mine(t, "[policy]\nsend = ['*']\n[aliases]\nteam = 'theirs'\noncall = '%ops'\n[domains]\nlab = 'db1'", false)
	s, err := load(user, system)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range s.All() {
		words := e.Name
		if e.Hidden {
			words += " hidden"
		}
		if e.File == user.path {
			words += " of mine"
		}
		all = append(all, words)
	}
	if got, want := strings.Join(all, ", "), "oncall, team of mine, team hidden, lab of mine, lab hidden, team of mine"; got != want {
		t.Errorf("%s; want %s", got, want)
	}
	if got, err := expanded(t, s, "team,oncall"); err != nil || got != "mine %ops" {
		t.Errorf("%q, %v", got, err)
	}
}

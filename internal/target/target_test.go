package target

import (
	"errors"
	"slices"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	for in, want := range map[string][]Target{
		"bob":                   {{Word, "bob", ""}},
		"bob,alice":             {{Word, "bob", ""}, {Word, "alice", ""}},
		"*":                     {{Everyone, "", ""}},
		"%ops":                  {{Group, "ops", ""}},
		"group:ops":             {{Group, "ops", ""}},
		"user:tty1":             {{User, "tty1", ""}},
		"pts/3":                 {{Terminal, "pts/3", ""}},
		"/dev/pts/3":            {{Terminal, "pts/3", ""}},
		"tty:/dev/ttyS0":        {{Terminal, "ttyS0", ""}},
		"tty1,hvc0,ttyAMA0":     {{Terminal, "tty1", ""}, {Terminal, "hvc0", ""}, {Terminal, "ttyAMA0", ""}},
		"c3":                    {{Word, "c3", ""}},
		"session:12":            {{Session, "12", ""}},
		"@people.txt":           {{File, "people.txt", ""}},
		"@people.txt@web1":      {{File, "people.txt", "web1"}},
		"bob@web1":              {{Word, "bob", "web1"}},
		"bob@web[01-40,52],db1": {{Word, "bob", "web[01-40,52]"}, {Word, "db1", ""}},
		"*@rack[1-2]n[1-4].lab": {{Everyone, "", "rack[1-2]n[1-4].lab"}},
		"bob@root@web1":         {{Word, "bob", "root@web1"}},
		"bob@@lab,%ops@@lab":    {{Word, "bob", "@lab"}, {Group, "ops", "@lab"}},
		"*@@./hosts.txt":        {{Everyone, "", "@./hosts.txt"}},
		"*@@lab!web[1-2,4]&@b":  {{Everyone, "", "@lab!web[1-2,4]&@b"}},
		"@people@@lab":          {{File, "people", "@lab"}},
		"@a@b@web1":             {{File, "a@b", "web1"}},
		"%domain users":         {{Group, "domain users", ""}},
		`CORP\alice`:            {{Word, `CORP\alice`, ""}},
		"müller":                {{Word, "müller", ""}},
		"CORP.user-1_2$":        {{Word, "CORP.user-1_2$", ""}},
	} {
		got, err := Parse(in)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("Parse(%q) = %v, %v; want %v", in, got, err, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"":                       "empty target",
		"alice,,bob":             `empty target in "alice,,bob"`,
		"alice,":                 "empty target",
		",":                      "empty target",
		"%":                      "empty target",
		"@":                      "empty target",
		"bob@":                   "empty host",
		"bob@[":                  "unbalanced bracket",
		"bob@web[1-4":            "unbalanced bracket",
		"bob@web]1[":             "unbalanced bracket",
		"bob@web[[1]]":           "unbalanced bracket",
		"bob@-oProxyCommand":     "no host name",
		"bob@web1;reboot":        "no host name",
		"bob@web[a-b]":           "no host name",
		"bob@root@-oProxy":       "no host name",
		"bob@web1!-oProxy":       "no host name",
		"bob@web1!":              "empty host",
		"bob@web1&&web2":         "empty host",
		"bob@@":                  "no host name",
		"bob@@a b":               "no host name",
		"bob@@lab[1-2]":          "no host name",
		"bob@web[1!2]":           "no host name",
		"@@web1":                 "empty target",
		"@people@":               "empty host",
		"tty:../../etc/passwd":   "no terminal's name",
		"tty:sda":                "no terminal's name",
		"/dev/sda":               "no name of",
		"pts/../3":               "no name of",
		"-h":                     "no name of",
		"alice bob":              "no name of",
		"user: bob":              "no name of",
		"a\nb":                   "no name of",
		"session:../x":           "no session id",
		strings.Repeat("x", 300): "name of 300 bytes",
	} {
		got, err := Parse(in)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, %v; want an error with %q", in, got, err, want)
		}
	}
	if _, err := Parse("a,,b"); !errors.Is(err, ErrEmpty) {
		t.Errorf("got %v, want ErrEmpty", err)
	}
}

// FuzzParse holds that what is accepted means the same when written again, and
// that no name can leave /dev or become an option.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{"bob,%ops@web[01-40,52],*", "tty:/dev/pts/3", "@f@h", "a,,b", "[", "user:x@-h", "b@@lab!r@w&x", "@f@@@x"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, list string) {
		targets, err := Parse(list)
		if err != nil {
			return
		}
		for _, one := range targets {
			if one.Name != "" && one.Name[0] == '-' && one.Kind != File {
				t.Fatalf("%q begins with a dash", one.Name)
			}
			if one.Kind == Terminal && strings.Contains(one.Name, "..") || strings.HasPrefix(one.Hosts, "-") {
				t.Fatalf("Parse(%q) lets %+v through", list, one)
			}
			again, err := Parse(one.String())
			if err != nil || len(again) != 1 || again[0] != one {
				t.Fatalf("%q became %q: %v, %v", list, one.String(), again, err)
			}
		}
	})
}

package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"

	"msg/internal/accounts"
	"msg/internal/delivery"
)

func TestSplitLine(t *testing.T) {
	for in, want := range map[string]string{
		"":                      ``,
		"msg":                   `|msg`,
		"msg ":                  `msg|`,
		"  msg\tbob  al":        `msg,bob|al`,
		"msg 'a b' c\\ d":       `msg,a b|c d`,
		`msg "a\"b\x`:           `msg|a"b\x "`,
		"msg 'web[1,2],d":       `msg|web[1,2],d '`,
		"msg a'b'\"c\"d":        `msg|abcd`,
		"msg ''":                `msg|`,
		"msg '' ":               `msg,|`,
		"msg bob <fi":           `msg,bob|fi redirected`,
		"msg bob 2>/dev/null t": `msg,bob|t`,
		"msg bob>>x y <z a b":   `msg,bob,y,a|b`,
		"msg bob\\":             `msg|bob broken`,
		"msg 'bob\\":            `msg|bob\ '`,
	} {
		l := splitLine(in)
		got := strings.Join(l.words, ",") + "|" + l.last
		if l.quote != 0 {
			got += " " + string(l.quote)
		}
		if l.redirected {
			got += " redirected"
		}
		if l.broken {
			got += " broken"
		}
		if strings.TrimPrefix(got, "|") != strings.TrimPrefix(want, "|") {
			t.Errorf("%q is %s, want %s", in, got, want)
		}
	}
}

func TestArguments(t *testing.T) {
	for in, want := range map[string]string{
		"msg bob ":                  "bob",
		"LANG=C command msg bob ":   "bob",
		"/usr/bin/msg -v msg ":      "-v msg",
		"m bob ":                    "bob",
		"":                          "",
		"and ~/bin/msg -s web1 bo ": "-s web1 bo",
	} {
		if got := strings.Join(splitLine(in).arguments(), " "); got != want {
			t.Errorf("%q has %q, want %q", in, got, want)
		}
	}
}

// placed is a place in words: the command, what is typed of what.
func placed(t *testing.T, line string) string {
	t.Helper()
	var tree cli
	parser, err := newParser(&tree, world{})
	if err != nil {
		t.Fatal(err)
	}
	l := splitLine(line)
	p := placeOf(parser.Model, l.arguments(), l.last)
	what := "nothing"
	switch {
	case p.flags:
		what = "flag"
	case p.value != nil:
		what = p.value.Name
	}
	if len(p.commands) > 0 {
		what += ", command"
	}
	return fmt.Sprintf("%s: %s %q", p.node.Name, what, p.tail)
}

func TestPlaceOf(t *testing.T) {
	for line, want := range map[string]string{
		"msg ":                    `send: targets, command ""`,
		"msg b":                   `send: targets, command "b"`,
		"msg -":                   `send: flag "-"`,
		"msg --ser":               `send: flag "--ser"`,
		"msg --server=we":         `send: server "we"`,
		"msg --server ":           `send: server ""`,
		"msg --server web1 ":      `send: targets ""`,
		"msg -s we":               `send: server "we"`,
		"msg -swe":                `send: server "we"`,
		"msg -nvs we":             `send: server "we"`,
		"msg -n b":                `send: targets "b"`,
		"msg -t -":                `send: time "-"`,
		"msg --none=x":            `send: flag "--none=x"`,
		"msg -- b":                `send: targets "b"`,
		"msg -- -b":               `send: targets "-b"`,
		"msg -- sessions ":        `send: text ""`,
		"msg send b":              `send: targets "b"`,
		"msg bob h":               `send: text "h"`,
		"msg bob -":               `send: flag "-"`,
		"msg bob hi -":            `send: text "-"`,
		"msg bob -x al":           `send: except "al"`,
		"msg /v /server:web1 b":   `send: targets "b"`,
		"msg sessions b":          `sessions: targets "b"`,
		"msg sessions b c":        `sessions: nothing "c"`,
		"msg sessions -":          `sessions: flag "-"`,
		"msg countdown -u 22:00 ": `countdown: targets ""`,
		"msg hosts a b":           `hosts: expr "b"`,
		"msg ok k":                `ok: code "k"`,
		"msg reply k7m -- -":      `reply: text "-"`,
		"msg doctor x":            `doctor: nothing "x"`,
		"msg helper x":            `helper: nothing "x"`,
		"msg completion ba":       `completion: shell "ba"`,
	} {
		if got := placed(t, line); got != want {
			t.Errorf("%q: %s, want %s", line, got, want)
		}
	}
}

// offered is what a shell is told on a machine with these hosts and domains, where nobody
// is logged in.
func offered(t *testing.T, home, shell, line string) string {
	t.Helper()
	engine := &delivery.Engine{Accounts: &accounts.Directory{}}
	engine.System.Dev, engine.System.Proc, engine.System.UserNames = t.TempDir(), t.TempDir(), engine.Accounts.Names
	var out, complaints strings.Builder
	code, err := run(t.Context(), []string{"completion", shell, "--line=" + line}, world{
		stdout: &out, stderr: &complaints, engine: engine,
		getenv: func(key string) string { return map[string]string{"HOME": home}[key] },
	})
	if code != 0 || err != nil || complaints.Len() > 0 {
		t.Errorf("%q: %d, %v, %q", line, code, err, complaints.String())
	}
	return out.String()
}

func homeWith(t *testing.T, files map[string]string) string {
	t.Helper()
	home := t.TempDir()
	for name, content := range files {
		name = filepath.Join(home, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return home
}

func TestOffers(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	home := homeWith(t, map[string]string{
		".ssh/config":          "Host qweb1 qweb2\nHost qdb.lab",
		".config/msg/msg.toml": "[domains]\nqlab = \"q[1-2]\"\nqall.command = \"touch " + ran + "\"",
	})
	for _, c := range []struct{ line, bash, zsh, fish string }{
		{"msg bob@qw", "eb1 eb2", "qweb1 qweb2", "bob@qweb1 bob@qweb2"},
		{"msg bob@root@qd", "b.lab", "qdb.lab", "bob@root@qdb.lab"},
		{"msg bob@@qla", "b", "@qlab", "bob@@qlab"},
		{"msg al,bob@qd", "b.lab", "qdb.lab", "al,bob@qdb.lab"},
		{"msg bob@x[1,2]!qd", "b.lab", "qdb.lab", "bob@x[1,2]!qdb.lab"},
		{"msg --server=qd", "b.lab", "qdb.lab", "--server=qdb.lab"},
		{"msg -sqd", "b.lab", "qdb.lab", "-sqdb.lab"},
		{"msg -s 'x[1,2],qd", "b.lab", "qdb.lab", "x[1,2],qdb.lab"},
		{"msg -s qweb1,qw", "eb2", "qweb2", "qweb1,qweb2"},
		{"msg -s @q", "all lab", "@qall @qlab", "@qall @qlab"},
		{"msg hosts x @ql", "ab", "@qlab", "@qlab"},
		{"msg -d ql", "ab", "qlab", "qlab"},
		{"msg -d @ql", "", "", ""},
		{"msg %roo", "t", "%root", "%root"},
		{"msg x,group:roo", "t", "root", "x,group:root"},
		{"msg countdown -x %roo", "t", "%root", "%root"},
		{"msg dry", "", "", ""},
		{"msg --dry", "-run", "--dry-run", "--dry-run"},
		{"msg rep", "ly", "reply", "reply"},
		{"msg x,rep", "", "", ""},
		{"msg mesg y", " es", "y yes", "y yes"},
		{"msg completion ba", "sh", "bash", "bash"},
		{"msg -t ", "", "", ""},
		{"msg countdown ", "'*'", "*", "*"},
		{"msg countdown '", "*", "*", "*"},
		{"msg countdown *", "", "", ""},
		{"msg countdown x,", "", "", ""},
		{"msg countdown x\\", "", "", ""},
	} {
		for shell, want := range map[string]string{"bash": c.bash, "zsh": c.zsh, "fish": c.fish} {
			_, list, _ := strings.Cut(offered(t, home, shell, c.line), "\n")
			var got []string
			for line := range strings.Lines(list) {
				word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
				got = append(got, word)
			}
			if strings.Join(got, " ") != want {
				t.Errorf("%s, %q: %q, want %q", shell, c.line, got, want)
			}
		}
	}
	if _, err := os.Stat(ran); err == nil {
		t.Error("a domain's command has run")
	}
}

// TestOffersFiles holds that it is left to the shell where a file is wanted.
func TestOffersFiles(t *testing.T) {
	for _, line := range []string{"msg -f ", "msg --file=x", "msg countdown -nfx", "msg bob <x", "msg bob -f 'x"} {
		if got := offered(t, "", "zsh", line); !strings.HasPrefix(got, "files ") {
			t.Errorf("%q: %q", line, got)
		}
	}
}

// FuzzOffers holds that no line and no file leads to a name that does something in a shell.
func FuzzOffers(f *testing.F) {
	f.Add("msg bob@", "Host a;b $(id) 'x' `id`\nHost good")
	f.Add("msg -s 'x[1,", "Host *\nInclude config")
	f.Add("msg --server=a@", "\x1b[31m\nHost é")
	f.Add("msg -x\xff,% \"<", "")
	f.Fuzz(func(t *testing.T, line, config string) {
		got := offered(t, homeWith(t, map[string]string{".ssh/config": config}), "bash", line)
		_, names, _ := strings.Cut(got, "\n")
		for rest := range strings.Lines(names) {
			rest = strings.TrimSuffix(rest, "\n")
			if rest == "'*'" || rest == "*" && strings.ContainsAny(line, `'"`) {
				continue
			}
			if strings.ContainsFunc(rest, func(r rune) bool {
				return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-+:/@%", r)
			}) {
				t.Errorf("%q: %q", line, rest)
			}
		}
	})
}

// FuzzSplitLine holds that words that a shell would have come out of their quotes as they are,
// up to the one at the cursor.
func FuzzSplitLine(f *testing.F) {
	f.Add("msg", "it's; $x", "wo'rd\\", uint8(0))
	f.Add("a b", "\"\\", "<x", uint8(0b101101))
	f.Add("", "\xff\n", "", uint8(0b010010))
	f.Fuzz(func(t *testing.T, first, second, last string, quotes uint8) {
		quote := func(word string) string {
			kind := quotes & 3
			quotes >>= 2
			switch kind {
			case 0:
				return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
			case 1:
				return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(word) + `"`
			}
			var escaped strings.Builder
			for _, c := range []byte(word) {
				escaped.Write([]byte{'\\', c})
			}
			return escaped.String() + "''"
		}
		line := " " + quote(first) + " \t" + quote(second) + " >" + quote(last) + " " + quote(last)
		l := splitLine(line)
		if !slices.Equal(l.words, []string{first, second}) || l.last != last || l.quote != 0 || l.broken || l.redirected {
			t.Errorf("%q is %+v", line, l)
		}
		if open := splitLine("'" + strings.ReplaceAll(last, "'", "")); open.quote != '\'' || open.last != strings.ReplaceAll(last, "'", "") {
			t.Errorf("an open %q is %+v", last, open)
		}
	})
}

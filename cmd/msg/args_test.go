package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"msg/internal/compat"
)

// ownTables are the tables of msg's own tree.
func ownTables(t testing.TB) tables {
	t.Helper()
	return tablesOf(ownModel(t))
}

func ownModel(t testing.TB) *kong.Application {
	t.Helper()
	var tree cli
	parser, err := newParser(&tree, world{})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

func TestRewrite(t *testing.T) {
	known := ownTables(t)
	for in, want := range map[string]string{
		"":                      "",
		"bob hello":             "bob hello",
		"-- sessions hi":        "send -- sessions hi",
		"-v -- bob hi":          "send -v -- bob hi",
		"bob -- -5":             "bob -- -5",
		"bob hi -- there":       "bob hi -- there",
		"send -- x":             "send -- x",
		"bob /time:60 /v hello": "bob --time=60 --verbose hello",
		"/TIME:60 bob hello":    "--time=60 bob hello",
		"bob hello /v /time:60": "bob hello /v /time:60",
		"send bob /v hello /v":  "send bob --verbose hello /v",
		"-t 60 bob /v hello":    "-t 60 bob --verbose hello",
		"-x /v bob":             "-x /v bob",
		"/dev/pts/3 hello":      "/dev/pts/3 hello",
		"sessions /v":           "sessions /v",
		"bob":                   "bob",
		"-f":                    "-f",
		"/users /v hello /v":    "* --verbose hello /v",
		"/V /Users hello":       "--verbose * hello",
		"bob /users":            "bob --users",
		"/server:web1 /w bob":   "--server=web1 --wait bob",
		"/?":                    "--help",
		"bob why /?":            "bob why /?",
		"/time 5 bob /v hello":  "--time 5 bob --verbose hello",
		"/server w /users hi":   "--server w * hi",
		"net send /users hello": "net send /users hello",
		"/v -- sessions hi":     "send --verbose -- sessions hi",
		"/users -- sessions hi": "* -- sessions hi",
	} {
		if got := strings.Join(rewrite(strings.Fields(in), known), " "); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestTablesMatchTheTree holds that what rewrite knows of the command line is
// what the parser knows.
func TestTablesMatchTheTree(t *testing.T) {
	known := ownTables(t)
	names := []string{"send", "ok", "reply", "countdown", "sessions", "hosts", "name", "net", "mesg", "doctor", "shutdown-notice", "helper", "completion"}
	if !slices.Equal(names, known.commands) {
		t.Errorf("commands are %v, the table has %v", names, known.commands)
	}
	flags := []string{"-f", "--file", "-x", "--except", "-t", "--time", "-s", "--server", "-d", "--domain", "--fanout"}
	slices.Sort(flags)
	if slices.Sort(known.valueFlags); !slices.Equal(flags, known.valueFlags) {
		t.Errorf("flags with a value are %v, the table has %v", flags, known.valueFlags)
	}
	send := ownModel(t).Children[0]
	if send != send.Parent.DefaultCmd {
		t.Errorf("the first command is %s, which is not the default", send.Name)
	}
	for _, slash := range []string{"/server", "/time", "/v", "/w", "/domain"} {
		flag, _ := compat.Slash(slash, false)
		if !slices.ContainsFunc(send.Flags, func(f *kong.Flag) bool { return "--"+f.Name == flag }) {
			t.Errorf("%s stands for %s, which does not exist", slash, flag)
		}
	}
}

func TestParseDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"5": 5 * time.Second, "1m": time.Minute, "0.5s": time.Second / 2, "90s": 90 * time.Second,
	} {
		if got, err := parseDuration(in); err != nil || got != want {
			t.Errorf("%q is %v, %v", in, got, err)
		}
	}
	for _, in := range []string{"", "0", "-5", "-5s", "x", "5x", "99999999999999", "1e9"} {
		if got, err := parseDuration(in); err == nil {
			t.Errorf("%q is %v", in, got)
		}
	}
}

func TestNearCommand(t *testing.T) {
	commands := ownTables(t).commands
	for word, want := range map[string]string{
		"sesions": "sessions", "session": "sessions", "sned": "send", "completions": "completion",
		"help": "--help", "send": "", "bob": "", "alice": "", "xyz": "", "": "", "ssn": "",
		"mseg": "mesg", "docter": "doctor", "tess": "", "jesse": "",
	} {
		if got := nearCommand(word, commands); got != want {
			t.Errorf("%q is near %q, want %q", word, got, want)
		}
	}
}

// TestTextIsBytes: a text comes as it was typed, UTF-8 or not, with its dashes.
func TestTextIsBytes(t *testing.T) {
	for _, args := range [][]string{{"bob"}, {"reply", "k7m"}} {
		var tree cli
		parser, err := newParser(&tree, world{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(append(args, "x\x80,\x9b", "-5", "--json")); err != nil {
			t.Fatal(err)
		}
		got, err := written(append(tree.Send.Text, tree.Reply.Text...), world{}, "the text", 100)
		if want := "x\x80,\x9b -5 --json"; got != want || err != nil {
			t.Errorf("%q: %q, %v", args, got, err)
		}
	}
}

// TestPlainLine: of "msg TARGETS TEXT", targets and text come as they were typed, byte for byte,
// and nothing else is set.
func TestPlainLine(t *testing.T) {
	known := ownTables(t)
	for _, line := range []string{
		"bob\x00hi", "*\x00Reboot\x00at\x00--ten", "bob\x00hi\x00--\x00-x", "pts/3\x00a=b\x00--json=1", "bob\x00x\x80",
		"bob\x00[x\x00{\"a\":1}", "bob\x00hi\x00", "bob\x00\n", "%a,@b\x00${version}", "bob\x00sessions\x00/v",
		"b\x80b\x00hi", "\xff,bob@\xc3\x00\x9b", "b\"o\\b\x00\"", "\u2028\x00<&>\u2028", "bob \x00 hi", "null\x00null", "bob\x00hi\x00-v\x00/v",
	} {
		args := strings.Split(line, "\x00")
		want := sendCmd{sending: sending{Targets: word(args[0])}}
		for _, arg := range args[1:] {
			want.Text = append(want.Text, word(arg))
		}
		var tree cli
		parser, err := newParser(&tree, world{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(rewrite(args, known)); err != nil {
			t.Errorf("%q: %v", args, err)
		}
		if !reflect.DeepEqual(tree.Send, want) {
			t.Errorf("%q is %+v, want %+v", args, tree.Send, want)
		}
	}
}

// FuzzRewrite holds that what is rewritten stays so; that nothing is added but a send in front,
// and nothing changed but what Windows' slashes stand for; and that behind the targets and the
// first word of the text, or a "--", all is as it was.
func FuzzRewrite(f *testing.F) {
	for _, line := range []string{
		"-- sessions hi", "bob /time:60 /v hello /v", "/users /v hello", "-x /v bob", "/server web1 /users hi", "/time 5 bob /v hi", "send -- /v", "-v -- /v", "/? /dev/pts/3", "net send /users x", "/v -- sessions hi", "/v --",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\n"))
	}
	known := ownTables(f)
	f.Fuzz(func(t *testing.T, words string) {
		args := strings.Split(words, "\n")
		out := rewrite(slices.Clone(args), known)
		if again := rewrite(slices.Clone(out), known); !slices.Equal(again, out) {
			t.Errorf("%q becomes %q, and then %q", args, out, again)
		}
		if len(out) == len(args)+1 && out[0] == known.commands[0] {
			out = out[1:]
		}
		if len(out) != len(args) {
			t.Fatalf("%q becomes %q", args, out)
		}
		as := 0 // how many arguments are as they were, from the end
		for as < len(args) && args[len(args)-1-as] == out[len(args)-1-as] {
			as++
		}
		for i, arg := range args {
			target, _ := compat.Slash(arg, true)
			option, isSlash := compat.Slash(arg, false)
			if out[i] != arg && (!isSlash || out[i] != target && out[i] != option) {
				t.Errorf("%q becomes %q", arg, out[i])
			}
			if arg == "--" && i < len(args)-as && !slices.Contains(known.valueFlags, out[max(0, i-1)]) {
				t.Errorf("%q becomes %q: what is behind -- has changed", args, out)
			}
		}
	})
}

// FuzzParseDuration holds that a time is more than none, and means the same when it is written
// again; and that a number alone is seconds.
func FuzzParseDuration(f *testing.F) {
	for _, word := range []string{"5", "1m", "0.5s", "2147483648", "-5s", "1e9", "99999999999999", "2562047h", "+3s", "0x10"} {
		f.Add(word)
	}
	f.Fuzz(func(t *testing.T, word string) {
		got, err := parseDuration(word)
		if err != nil {
			return
		}
		if again, err := parseDuration(got.String()); err != nil || again != got || got <= 0 {
			t.Errorf("%q is %v, and that is %v, %v", word, got, again, err)
		}
		if strings.Trim(word, "0123456789") == "" && got%time.Second != 0 {
			t.Errorf("%q is %v", word, got)
		}
	})
}

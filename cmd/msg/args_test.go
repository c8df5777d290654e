package main

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"msg/internal/compat"
)

func TestRewrite(t *testing.T) {
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
	} {
		if got := strings.Join(rewrite(strings.Fields(in)), " "); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}

// TestTablesMatchTheTree holds that what rewrite knows of the command line is
// what the parser knows.
func TestTablesMatchTheTree(t *testing.T) {
	var tree cli
	parser, err := newParser(&tree, world{})
	if err != nil {
		t.Fatal(err)
	}
	var names, flags []string
	var send *kong.Node
	for _, node := range parser.Model.Children {
		names = append(names, node.Name)
		if node.Name == "send" {
			send = node
		}
	}
	if !slices.Equal(names, commands) {
		t.Errorf("commands are %v, the table has %v", names, commands)
	}
	for _, flag := range send.Flags {
		if !flag.IsBool() {
			flags = append(flags, "--"+flag.Name)
			if flag.Short != 0 {
				flags = append(flags, "-"+string(flag.Short))
			}
		}
	}
	slices.Sort(flags)
	known := slices.Sorted(slices.Values(valueFlags))
	if !slices.Equal(flags, known) {
		t.Errorf("flags with a value are %v, the table has %v", flags, known)
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
	for word, want := range map[string]string{
		"sesions": "sessions", "session": "sessions", "sned": "send", "completions": "completion",
		"help": "--help", "send": "", "bob": "", "alice": "", "xyz": "", "": "", "ssn": "",
		"mseg": "mesg", "docter": "doctor", "tess": "", "jesse": "",
	} {
		if got := nearCommand(word); got != want {
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

// FuzzUnparsed holds that what takes no parser is what the parser would have made of it.
func FuzzUnparsed(f *testing.F) {
	for _, line := range []string{
		"bob\x00hi", "*\x00Reboot\x00at\x00--ten", "bob\x00hi\x00--\x00-x", "bob\x00--", "bob\x00-5", "bob\x00",
		"\x00hi", "sessions\x00bob", "/v\x00bob\x00hi", "bob\x00/v\x00hi", "pts/3\x00a=b\x00--json=1", "bob",
		"bob\x00x\x80", "bob\x00[x\x00{\"a\":1}", "--\x00bob\x00hi", "bob\x00hi\x00", "bob\x00\n", "%a,@b\x00${version}",
	} {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line string) {
		args := strings.Split(line, "\x00")
		got, ok := unparsed(args)
		if !ok {
			if plainly := len(args) > 1 && !slices.Contains(commands, args[0]); plainly && isLetter(args[0]) && isLetter(args[1]) {
				t.Errorf("%q takes a parser", args)
			}
			return
		}
		var tree cli
		parser, err := newParser(&tree, world{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parser.Parse(rewrite(args)); err != nil {
			t.Fatalf("%q: %v", args, err)
		}
		if !utf8.ValidString(got.Targets) { // the parser has other characters for its bytes
			got.Targets, tree.Send.Targets = "", ""
		}
		if !reflect.DeepEqual(got, tree.Send) {
			t.Errorf("%q is %+v, parsed %+v", args, got, tree.Send)
		}
	})
}

func isLetter(word string) bool { return word != "" && 'a' <= word[0] && word[0] <= 'z' }

// FuzzRewrite holds that what is rewritten stays so; that nothing is added but a send in front,
// and nothing changed but what Windows' slashes stand for; and that behind the targets and the
// first word of the text, or a "--", all is as it was.
func FuzzRewrite(f *testing.F) {
	for _, line := range []string{
		"-- sessions hi", "bob /time:60 /v hello /v", "/users /v hello", "-x /v bob", "/server web1 /users hi", "/time 5 bob /v hi", "send -- /v", "-v -- /v", "/? /dev/pts/3", "net send /users x",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, words string) {
		args := strings.Split(words, "\n")
		out := rewrite(slices.Clone(args))
		if again := rewrite(slices.Clone(out)); !slices.Equal(again, out) {
			t.Errorf("%q becomes %q, and then %q", args, out, again)
		}
		if len(out) == len(args)+1 && out[0] == commands[0] {
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
			if arg == "--" && i < len(args)-as && !slices.Contains(valueFlags, out[max(0, i-1)]) {
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

package compat

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestParseWall(t *testing.T) {
	for in, want := range map[string]Wall{
		"":                       {},
		"hello":                  {Words: []string{"hello"}},
		"hello there -n":         {NoBanner: true, Words: []string{"hello", "there"}},
		"-nt5 hello":             {NoBanner: true, Timeout: 5 * time.Second, Words: []string{"hello"}},
		"--timeout=60 -g ops hi": {Timeout: time.Minute, Group: "ops", Words: []string{"hi"}},
		"--time +7 -g1 -gops":    {Timeout: 7 * time.Second, Group: "ops"},
		"--group 100 -- -n hi":   {Group: "100", Words: []string{"-n", "hi"}},
		"-t 4294967295":          {Timeout: 4294967295 * time.Second},
		"- x":                    {Words: []string{"-", "x"}},
		"-n --help -t x":         {NoBanner: true, Asked: Help},
		"-Vh":                    {Asked: Version},
		"-h --no-such-option":    {Asked: Help},
	} {
		if got, err := ParseWall(strings.Fields(in), false); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v, %v; want %+v", in, got, err, want)
		}
	}
	got, err := ParseWall(strings.Fields("-n hello -n"), true)
	if want := (Wall{NoBanner: true, Words: []string{"hello", "-n"}}); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("where POSIX ends the options: %+v, %v; want %+v", got, err, want)
	}
}

// refuses checks that a command line is refused in these words, "" where it is taken.
func refuses(t *testing.T, in, want string, err error) {
	t.Helper()
	var usage *UsageError
	switch {
	case want == "" && err == nil:
	case !errors.As(err, &usage) || usage.Error() != want:
		t.Errorf("%q: %v, want %q", in, err, want)
	}
}

func TestParseWallRefuses(t *testing.T) {
	for in, want := range map[string]string{
		"-t 0 hi":           "invalid timeout argument: '0'",
		"-t -1 hi":          "invalid timeout argument: '-1'",
		"-t 5s hi":          "invalid timeout argument: '5s'",
		"-t 4294967296 hi":  "invalid timeout argument: '4294967296'",
		"-t x --help":       "invalid timeout argument: 'x'",
		"--group= hi":       "invalid group argument: ''",
		"-x hi":             "invalid option -- 'x'",
		"-nxg hi":           "invalid option -- 'x'",
		"-t":                "option requires an argument -- 't'",
		"--timeout":         "option '--timeout' requires an argument",
		"--nobanner=yes hi": "option '--nobanner' doesn't allow an argument",
		"--nothing hi":      "unrecognized option '--nothing'",
	} {
		_, err := ParseWall(strings.Fields(in), false)
		refuses(t, in, want, err)
	}
}

func TestParseWrite(t *testing.T) {
	for in, want := range map[string]Write{
		"bob":              {User: "bob", Choose: true},
		"bob pts/3":        {User: "bob", Terminal: "pts/3"},
		"bob /dev/pts/3":   {User: "bob", Terminal: "pts/3"},
		"-- -bob":          {User: "-bob", Choose: true},
		"bob --vers -x":    {Asked: Version},
		"a b c d e --help": {Asked: Help},
	} {
		if got, err := ParseWrite(strings.Fields(in), false); err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"":            "no user",
		"bob pts/3 x": "more than a user and a terminal; the message comes from standard input",
		"-n bob":      "invalid option -- 'n'",
	} {
		_, err := ParseWrite(strings.Fields(in), false)
		refuses(t, in, want, err)
	}
}

func TestParseMesg(t *testing.T) {
	for in, want := range map[string]Mesg{
		"":           {Ask: true},
		"-v":         {Verbose: true, Ask: true},
		"y":          {Answer: "y"},
		"No --verb":  {Answer: "n", Verbose: true},
		"Yes please": {Answer: "y"},
		"maybe":      {Answer: "maybe"},
		"-vV n":      {Asked: Version, Verbose: true},
		"--ver":      {}, // verbose or version
	} {
		got, err := ParseMesg(strings.Fields(in), false)
		if in == "--ver" {
			refuses(t, in, "option '--ver' is ambiguous; possibilities: '--verbose' '--version'", err)
		} else if err != nil || got != want {
			t.Errorf("%q is %+v, %v; want %+v", in, got, err, want)
		}
	}
}

// TestEmptyOperands: what a variable is that is not set is no question and no choice.
func TestEmptyOperands(t *testing.T) {
	if got, err := ParseWrite([]string{"bob", ""}, false); err != nil || got != (Write{User: "bob"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseMesg([]string{""}, false); err != nil || got != (Mesg{}) {
		t.Errorf("%+v, %v", got, err)
	}
	if got, err := ParseWall([]string{"-t", " 5"}, false); err != nil || got.Timeout != 5*time.Second {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestSlash(t *testing.T) {
	for in, want := range map[string]string{
		"/server:web1": "--server=web1", "/SERVER:web[1-2]": "--server=web[1-2]", "/time:60": "--time=60",
		"/V": "--verbose", "/w": "--wait", "/domain:lab": "--domain=lab", "/?": "--help", "/server:": "--server=",
		"/users": "--users", "/users:x": "", "/dev/pts/3": "", "/v/x": "", "": "", "server:web1": "",
	} {
		if got, ok := Slash(in, false); got != want || ok != (want != "") {
			t.Errorf("%q is %q, %v; want %q", in, got, ok, want)
		}
	}
	if got, ok := Slash("/USERS", true); got != "*" || !ok {
		t.Errorf("/users in a target's place is %q, %v", got, ok)
	}
}

func TestParseNet(t *testing.T) {
	hi := []string{"hi", "there"}
	for in, want := range map[string]Net{
		"":                          {Help: true},
		"/?":                        {Help: true},
		"send /?":                   {Help: true},
		"NAME /help":                {Help: true},
		"help send":                 {Help: true},
		"send bob hi there":         {Send: &NetSend{Target: "bob", Words: hi}},
		"send * hi there":           {Send: &NetSend{Target: "*", Words: hi}},
		"SEND /users hi there":      {Send: &NetSend{Target: "*", Words: hi}},
		"send /Domain hi there":     {Send: &NetSend{Target: "*", Only: true, Words: hi}},
		"send /domain:Lab hi there": {Send: &NetSend{Target: "*", Domain: "Lab", Words: hi}},
		"send /dev/pts/3 hi there":  {Send: &NetSend{Target: "/dev/pts/3", Words: hi}},
		"send bob":                  {Send: &NetSend{Target: "bob", Words: []string{}}},
		"name":                      {Name: &NetName{}},
		"name team":                 {Name: &NetName{Name: "team"}},
		"name team /ADD":            {Name: &NetName{Name: "team"}},
		"name /delete team":         {Name: &NetName{Name: "team", Delete: true}},
	} {
		if got, err := ParseNet(strings.Fields(in)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q is %+v, %v; want %+v", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"view":                "net view: there are net send and net name",
		"send":                "net send: no name to send to",
		"send /domain: hi":    "net send: /domain: has no name behind it",
		"send /users:bob hi":  "net send: /users has no value",
		"name x /delete /add": "net name: /add and /delete exclude each other",
		"send /broadcast hi":  "net send: unknown switch /broadcast",
		"name team /remove":   "net name: unknown switch /remove",
		"name team two":       "net name: more than one name",
		"name /delete":        "net name: no name to add or delete",
		"name a b c /add /x/": "net name: more than one name",
	} {
		_, err := ParseNet(strings.Fields(in))
		refuses(t, in, want, err)
	}
}

// argv makes arguments of what the fuzzer has: some of them may be empty.
func argv(words string) []string { return strings.Split(words, "\n") }

// addCommands are what each of the command lines is tried with first.
func addCommands(f *testing.F) {
	f.Helper()
	for _, line := range []string{
		"-nt5 --gro=ops hello -- -n", "--timeout x -h", "-g  -t +7", "- -- --", "--ver", "-vVh y", "bob /dev/pts/3", "no --verb", "\xff -\xff --\xff=", "-t \t+4294967295",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\n"), strings.HasPrefix(line, "-"))
	}
}

// isUsage checks that an error is one of a command line.
func isUsage(t *testing.T, args []string, err error) {
	t.Helper()
	if usage := (*UsageError)(nil); !errors.As(err, &usage) || usage.Problem == "" {
		t.Errorf("%q: %v", args, err)
	}
}

// FuzzGetopt holds that every argument is found again, as an option, its value or an operand,
// in the order in which it was; and that what was found means the same when it is written in
// the one way that leaves nothing open.
func FuzzGetopt(f *testing.F) {
	addCommands(f)
	f.Fuzz(func(t *testing.T, words string, posixly bool) {
		args := argv(words)
		options := []option{noBanner, timeout, group, version, verbose, help}
		found, operands, err := getopt(slices.Clone(args), options, posixly)
		var plain []string
		for _, o := range found {
			if word := "--" + o.long; o.option.value {
				plain = append(plain, word+"="+o.value)
			} else {
				plain = append(plain, word)
			}
		}
		again, same, againErr := getopt(append(append(plain, "--"), operands...), options, posixly)
		if againErr != nil || !slices.Equal(again, found) || !slices.Equal(same, operands) {
			t.Errorf("%q is %v and %q, and %q is %v and %q, %v", args, found, operands, plain, again, same, againErr)
		}
		for _, word := range operands {
			i := slices.Index(args, word)
			if i < 0 {
				t.Fatalf("%q has no operand %q", args, word)
			}
			args = args[i+1:]
		}
		if err != nil {
			isUsage(t, args, err)
		} else if all := argv(words); posixly && !slices.Equal(all[len(all)-len(operands):], operands) {
			t.Errorf("%q has %q among its operands", all, operands)
		}
	})
}

// FuzzParseWall holds that what is taken has a time that wall(1) takes, and means the same when
// it is written again.
func FuzzParseWall(f *testing.F) {
	addCommands(f)
	f.Fuzz(func(t *testing.T, words string, posixly bool) {
		args := argv(words)
		w, err := ParseWall(args, posixly)
		if err != nil {
			isUsage(t, args, err)
			return
		}
		if w.Asked != Nothing {
			return
		}
		var plain []string
		if w.NoBanner {
			plain = append(plain, "-n")
		}
		if w.Group != "" {
			plain = append(plain, "-g"+w.Group)
		}
		if w.Timeout != 0 {
			plain = append(plain, fmt.Sprintf("-t%d", w.Timeout/time.Second))
		}
		again, err := ParseWall(append(append(plain, "--"), w.Words...), posixly)
		if err != nil || !reflect.DeepEqual(again, w) && len(w.Words)+len(again.Words) > 0 || w.Timeout < 0 || w.Timeout > (1<<32-1)*time.Second || w.Timeout%time.Second != 0 {
			t.Errorf("%q is %+v, and %q is %+v, %v", args, w, plain, again, err)
		}
	})
}

// FuzzParseWrite holds that a user and a terminal are what was said to be one.
func FuzzParseWrite(f *testing.F) {
	addCommands(f)
	f.Fuzz(func(t *testing.T, words string, posixly bool) {
		args := argv(words)
		w, err := ParseWrite(args, posixly)
		isTerminal := slices.Contains(args, w.Terminal) || slices.Contains(args, "/dev/"+w.Terminal)
		switch {
		case err != nil:
			isUsage(t, args, err)
		case w.Asked != Nothing && w != Write{Asked: w.Asked},
			w.Asked == Nothing && (!slices.Contains(args, w.User) || w.Choose && w.Terminal != "" || !w.Choose && !isTerminal):
			t.Errorf("%q is %+v", args, w)
		}
	})
}

// FuzzParseMesg holds that an answer is one of the arguments, y or n where it begins so.
func FuzzParseMesg(f *testing.F) {
	addCommands(f)
	f.Fuzz(func(t *testing.T, words string, posixly bool) {
		args := argv(words)
		m, err := ParseMesg(args, posixly)
		if err != nil {
			isUsage(t, args, err)
			return
		}
		isAnswer := slices.ContainsFunc(args, func(arg string) bool {
			if begin := strings.ToLower(arg[:min(1, len(arg))]); begin == "y" || begin == "n" {
				return m.Answer == begin
			}
			return m.Answer == arg
		})
		if m.Asked == Nothing && (m.Ask && m.Answer != "" || !m.Ask && !isAnswer) {
			t.Errorf("%q is %+v", args, m)
		}
	})
}

// FuzzParseNet holds that a command line of net's is one of three things, with nothing in it
// that was not said.
func FuzzParseNet(f *testing.F) {
	for _, line := range []string{"send bob hi there", "SEND /Domain:Lab hi", "send /users", "name x /ADD", "name /delete", "help", "name /?", "send /dev/pts/3 /v", "name \xff /delete"} {
		f.Add(strings.ReplaceAll(line, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, words string) {
		args := argv(words)
		net, err := ParseNet(args)
		if err != nil {
			isUsage(t, args, err)
			return
		}
		if one := map[bool]int{true: 1}; one[net.Help]+one[net.Send != nil]+one[net.Name != nil] != 1 {
			t.Fatalf("%q is %+v", args, net)
		}
		if send := net.Send; send != nil {
			said := []string{send.Target, "/users"}
			if send.Domain != "" || send.Only {
				said = []string{"/domain:" + send.Domain, "/domain"}
			}
			if to := args[1]; !strings.EqualFold(to, said[0]) && !strings.EqualFold(to, said[1]) || !slices.Equal(send.Words, args[2:]) {
				t.Errorf("%q is %+v", args, *send)
			}
		}
		if name := net.Name; name != nil && (!slices.Contains(append(args, ""), name.Name) || strings.HasPrefix(name.Name, "/") || name.Name == "" && len(args) > 1) {
			t.Errorf("%q is %+v", args, *name)
		}
	})
}

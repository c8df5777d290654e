package completion

import (
	"slices"
	"strings"
	"testing"
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

// FuzzSplitLine holds that quoted words, up to the one at the cursor, come out as a shell would
// read them.
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

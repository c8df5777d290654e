package completion

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"msg/internal/compat"
)

// program is msg's: TestProgram of cmd/msg holds that the commands in testdata are those that msg
// has. Of rewriting, it has Windows' slashes; msg's own is tested in cmd/msg.
func program(t testing.TB) Program {
	t.Helper()
	data, err := os.ReadFile("testdata/commands.json")
	if err != nil {
		t.Fatal(err)
	}
	p := Program{Rewrite: func(args []string) []string {
		args = slices.Clone(args)
		for i, arg := range args {
			if ours, isSlash := compat.Slash(arg, true); isSlash {
				args[i] = ours
			}
		}
		return args
	}}
	if err := json.Unmarshal(data, &p.Commands); err != nil {
		t.Fatal(err)
	}
	return p
}

// placed is a place in words: the command, what is typed of what.
func placed(t *testing.T, line string) string {
	t.Helper()
	l := splitLine(line)
	p := program(t).placeOf(l.arguments(), l.last)
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
	return fmt.Sprintf("%s: %s %q", p.command.Name, what, p.tail)
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

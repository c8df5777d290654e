package main

import (
	"slices"
	"strings"
)

// commands are the reserved words: a first argument that is one of them is no
// target. "msg -- sessions hi" sends to a user of that name.
var commands = []string{"send", "sessions", "completion"}

// valueFlags take the next argument as their value.
var valueFlags = []string{"-f", "--file", "-x", "--except", "-t", "--time"}

// windows are msg.exe's options. One with a value has it behind a colon.
var windows = map[string]string{"/time": "--time", "/v": "--verbose"}

// rewrite turns what people type into what the parser takes: "send" in front of
// a "--" that precedes any command, and flags for Windows' slashes. Behind the
// targets and the first word of the text nothing is touched.
func rewrite(args []string) []string {
	out := make([]string, 0, len(args)+1)
	words := 0 // targets and text seen so far
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" && words == 0 {
			out = append(out, "send")
		}
		if arg == "--" || words > 1 || words == 0 && slices.Contains(commands[1:], arg) {
			return append(out, args[i:]...)
		}
		switch flag, isSlash := slash(arg); {
		case isSlash:
			out = append(out, flag)
		case slices.Contains(valueFlags, arg) && i+1 < len(args):
			out = append(out, arg, args[i+1])
			i++
		default:
			if !strings.HasPrefix(arg, "-") && !(words == 0 && arg == commands[0]) {
				words++
			}
			out = append(out, arg)
		}
	}
	return out
}

func slash(arg string) (flag string, ok bool) {
	name, value, hasValue := strings.Cut(arg, ":")
	flag, ok = windows[strings.ToLower(name)]
	if ok && hasValue {
		flag += "=" + value
	}
	return flag, ok
}

package main

import (
	"slices"
	"strings"

	"msg/internal/compat"
)

// commands are the reserved words: a first argument that is one of them is no
// target. "msg -- sessions hi" sends to a user of that name.
var commands = []string{"send", "ok", "reply", "countdown", "sessions", "hosts", "name", "net", "mesg", "doctor", "shutdown-notice", "helper", "completion"}

// valueFlags take the next argument as their value.
var valueFlags = []string{"-f", "--file", "-x", "--except", "-t", "--time", "-s", "--server", "-d", "--domain", "--fanout"}

// unparsed reads the command line of most messages: whom to and what, no flags and no command. It
// takes no parser, which would take longer to make than the message to send.
func unparsed(args []string) (c sendCmd, ok bool) {
	if len(args) < 2 || slices.Contains(commands, args[0]) {
		return c, false
	}
	for _, arg := range args[:2] { // behind that, nothing is a flag
		if arg == "" || strings.ContainsRune("-/", rune(arg[0])) {
			return c, false
		}
	}
	c.Targets = args[0]
	for _, arg := range args[1:] {
		c.Text = append(c.Text, word(arg))
	}
	return c, true
}

// rewrite turns what people type into what the parser takes: "send" in front of
// a "--" that precedes any command, and flags for Windows' slashes. Behind the
// targets and the first word of the text nothing is touched.
func rewrite(args []string) []string {
	if len(args) > 0 && args[0] == commands[0] {
		return append(args[:1:1], rewriteSend(args[1:])...)
	}
	for _, arg := range args {
		if arg == "--" {
			return append([]string{commands[0]}, rewriteSend(args)...)
		}
		if !strings.HasPrefix(arg, "-") {
			break
		}
	}
	if len(args) > 0 && slices.Contains(commands, args[0]) {
		return args
	}
	return rewriteSend(args)
}

func rewriteSend(args []string) []string {
	var out []string
	words := 0 // targets and text seen so far
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "--" || words > 1 {
			return append(out, args[i:]...)
		}
		if ours, isSlash := compat.Slash(arg, words == 0); isSlash {
			arg = ours
		}
		switch {
		case slices.Contains(valueFlags, arg) && i+1 < len(args):
			out = append(out, arg)
			i++
			arg = args[i]
		case !strings.HasPrefix(arg, "-"):
			words++
		}
		out = append(out, arg)
	}
	return out
}

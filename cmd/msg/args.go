package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"msg/internal/compat"
)

// tables are what rewrite has to know of the parser's tree.
type tables struct {
	// commands are the reserved words, in the tree's order; send, the default, is the first.
	// A first argument that is one of them is no target: "msg -- sessions hi" sends to a user
	// of that name.
	commands []string

	// valueFlags are the flags of send that take the next argument as their value.
	valueFlags []string
}

func tablesOf(model *kong.Application) tables {
	var t tables
	for _, command := range model.Children {
		t.commands = append(t.commands, command.Name)
	}
	for _, flag := range model.Children[0].Flags {
		if flag.IsBool() {
			continue
		}
		t.valueFlags = append(t.valueFlags, "--"+flag.Name)
		if flag.Short != 0 {
			t.valueFlags = append(t.valueFlags, "-"+string(flag.Short))
		}
	}
	return t
}

// rewrite turns what a user types into what the parser takes. It puts "send" before a "--" that
// comes before any command, and flags in place of Windows' slashes. It changes nothing after the
// targets and the first word of the text. A second rewrite changes nothing.
func rewrite(args []string, known tables) []string {
	send := known.commands[0]
	if len(args) > 0 && args[0] == send {
		return append(args[:1:1], rewriteSend(args[1:], known)...)
	}
	for _, arg := range args {
		if ours, isSlash := compat.Slash(arg, true); isSlash {
			arg = ours
		}
		if arg == "--" {
			return append([]string{send}, rewriteSend(args, known)...)
		}
		if !strings.HasPrefix(arg, "-") {
			break
		}
	}
	if len(args) > 0 && slices.Contains(known.commands, args[0]) {
		return args
	}
	return rewriteSend(args, known)
}

func rewriteSend(args []string, known tables) []string {
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
		case slices.Contains(known.valueFlags, arg) && i+1 < len(args):
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

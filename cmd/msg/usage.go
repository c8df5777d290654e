package main

import (
	"errors"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"msg/internal/message"
)

// usageError turns what kong found wrong into an error of ours, with a hint. Errors of ours
// that kong passes on stay as they are.
func usageError(err error, args []string) error {
	var ours *message.Refusal
	if errors.As(err, &ours) {
		return ours
	}
	hint := `"msg --help" shows the usage`
	command, flags := "", []*kong.Flag{}
	var parse *kong.ParseError
	if errors.As(err, &parse) && parse.Context != nil {
		if node := parse.Context.Selected(); node != nil {
			command = node.Name
			for _, group := range node.AllFlags(false) {
				flags = append(flags, group...)
			}
		}
	}
	unknown := hasUnknownFlag(args, flags)
	switch {
	case waitsForSoLong(args):
		hint = `how long to wait is said by --time: msg --wait --time 5m bob "Restart?"`
	case command == "reply" && unknown:
		hint = `a reply that begins with a dash stands behind --: msg reply k7m -- "-5 degrees"`
	case command == "ok" && !unknown:
		hint = "\"msg ok\" takes a code and nothing else; \"msg reply CODE TEXT\" says more"
	case unknown:
		hint = `a text that begins with a dash stands behind --: msg bob -- "-5 degrees"`
	}
	return wrong(hint, "%v", err)
}

// waitsForSoLong reports whether --wait or -w has a value, as --time should have it.
func waitsForSoLong(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(arg, "--wait=") || len(arg) > 2 && strings.HasPrefix(arg, "-w") && arg[2] >= '0' && arg[2] <= '9'
	})
}

// hasUnknownFlag reports whether there is a flag among the arguments that is none of these. It
// leaves out what may be words of a text.
func hasUnknownFlag(args []string, flags []*kong.Flag) bool {
	words := 0 // a command, whom to send to, a text
	is := func(matches func(*kong.Flag) bool) bool { return slices.ContainsFunc(flags, matches) }
	for _, arg := range args {
		long, isLong := strings.CutPrefix(arg, "--")
		long, _, _ = strings.Cut(long, "=")
		switch {
		case arg == "--", words > 2:
			return false
		case isLong:
			if !is(func(f *kong.Flag) bool { return f.Name == long }) {
				return true
			}
		case strings.HasPrefix(arg, "-") && len(arg) > 1:
			if !is(func(f *kong.Flag) bool { return string(f.Short) == arg[1:2] }) {
				return true
			}
		default:
			words++
		}
	}
	return false
}

// required refuses a command line without the first word that the command needs.
func required(ctx *kong.Context, problem, hint string) error {
	if words := ctx.Selected().Positional; len(words) > 0 && !words[0].Set {
		return wrong(hint, "%s", problem)
	}
	return nil
}

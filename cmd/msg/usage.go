package main

import (
	"errors"
	"fmt"
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
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	unknown := isUnknownFlag(err)
	switch {
	case command == "reply" && unknown:
		hint = `a reply that begins with a dash stands behind --: msg reply k7m -- "-5 degrees"`
	case command == "ok" && !unknown:
		hint = "\"msg ok\" takes a code and nothing else; \"msg reply CODE TEXT\" says more"
	case waitsForSoLong(args):
		hint = `how long to wait is said by --time: msg --wait --time 5m bob "Restart?"`
	case unknown:
		hint = `a text that begins with a dash stands behind --: msg bob -- "-5 degrees"`
	}
	return wrong(hint, "%v", err)
}

// isUnknownFlag reports whether kong found a flag that it does not know. kong has a type for
// that, and does not export it.
func isUnknownFlag(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if fmt.Sprintf("%T", err) == "*kong.unknownFlagError" {
			return true
		}
	}
	return false
}

// waitsForSoLong reports whether --wait or -w has a value, as --time should have it.
func waitsForSoLong(args []string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		return strings.HasPrefix(arg, "--wait=") || len(arg) > 2 && strings.HasPrefix(arg, "-w") && arg[2] >= '0' && arg[2] <= '9'
	})
}

// required refuses a command line without the first word that the command needs.
func required(ctx *kong.Context, problem, hint string) error {
	if words := ctx.Selected().Positional; len(words) > 0 && !words[0].Set {
		return wrong(hint, "%s", problem)
	}
	return nil
}

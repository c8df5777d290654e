package compat

import (
	"fmt"
	"slices"
	"strings"
)

// option is one that a program has: -t, or --timeout, with a value or without.
type option struct {
	short byte
	long  string
	value bool
}

// given is an option as it is on a command line.
type given struct {
	option
	value string
}

// getopt parts options from operands as getopt_long(3) of the GNU C library does: options
// may stand behind operands, up to a "--"; short ones without a value may stand together;
// of a long one the beginning will do, where no other begins so. With an error, which is a
// UsageError, there are the options before it.
func getopt(args []string, options []option, posixly bool) (found []given, operands []string, err error) {
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		var one []given
		switch name, isLong := strings.CutPrefix(arg, "--"); {
		case isLong && name == "":
			return found, append(operands, args...), nil
		case isLong:
			one, args, err = long(name, args, options)
		case len(arg) > 1 && arg[0] == '-':
			one, args, err = short(arg[1:], args, options)
		case posixly:
			return found, append(append(operands, arg), args...), nil
		default:
			operands = append(operands, arg)
		}
		if found = append(found, one...); err != nil {
			return found, operands, err
		}
	}
	return found, operands, nil
}

// long reads a long option, whose value may be the next argument.
func long(word string, args []string, options []option) ([]given, []string, error) {
	name, value, hasValue := strings.Cut(word, "=")
	o, err := named(name, word, options)
	switch {
	case err != nil:
		return nil, args, err
	case hasValue && !o.value:
		return nil, args, wrong("option '--%s' doesn't allow an argument", o.long)
	case o.value && !hasValue && len(args) == 0:
		return nil, args, wrong("option '--%s' requires an argument", o.long)
	case o.value && !hasValue:
		value, args = args[0], args[1:]
	}
	return []given{{o, value}}, args, nil
}

// named finds the option of that name, or the only one that begins so; word is how it was
// typed.
func named(name, word string, options []option) (option, error) {
	var possible []string
	var found option
	for _, o := range options {
		if o.long == name {
			return o, nil
		}
		if strings.HasPrefix(o.long, name) {
			found = o
			possible = append(possible, "'--"+o.long+"'")
		}
	}
	switch len(possible) {
	case 0:
		return found, wrong("unrecognized option '--%s'", word)
	case 1:
		return found, nil
	}
	return found, wrong("option '--%s' is ambiguous; possibilities: %s", word, strings.Join(possible, " "))
}

// short reads short options that stand together; the rest behind one that has a value is
// that, or else the next argument.
func short(letters string, args []string, options []option) (found []given, rest []string, err error) {
	for i := range len(letters) {
		at := slices.IndexFunc(options, func(o option) bool { return o.short == letters[i] })
		switch {
		case at < 0:
			return found, args, wrong("invalid option -- '%c'", letters[i])
		case !options[at].value:
			found = append(found, given{option: options[at]})
			continue
		case i+1 < len(letters):
			return append(found, given{options[at], letters[i+1:]}), args, nil
		case len(args) == 0:
			return found, args, wrong("option requires an argument -- '%c'", letters[i])
		}
		return append(found, given{options[at], args[0]}), args[1:], nil
	}
	return found, args, nil
}

func wrong(format string, args ...any) error {
	return &UsageError{Problem: fmt.Sprintf(format, args...), Try: true}
}

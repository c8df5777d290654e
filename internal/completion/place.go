package completion

import (
	"slices"
	"strings"
)

// place is what a user can type at the cursor.
type place struct {
	tail     string    // the part of it that is typed
	command  *Command  // the command of the line
	value    *Value    // the value that it belongs to, or nil
	flags    bool      // a flag begins here
	commands []Command // it can be one of these commands, too
}

// placeOf returns the place at the end of last, which follows args.
func (p Program) placeOf(args []string, last string) place {
	at := place{tail: last, command: &p.Commands[0]}
	if len(args) == 0 {
		at.commands = p.Commands
	}
	args = p.Rewrite(args)
	if len(args) > 0 {
		if command := p.command(args[0]); command != nil {
			at.command, args = command, args[1:]
		}
	}
	i, dashes := 0, false // arguments so far; whether "--" was one of the words
	for _, arg := range args {
		switch {
		case at.value != nil: // arg is the value of the flag before it
			at.value = nil
		case dashes || len(arg) < 2 || arg[0] != '-':
			i++
		case arg == "--":
			dashes = true
		default:
			if flag, _, within := at.flag(arg); !within {
				at.value = flag
			}
		}
	}
	if at.value == nil {
		at.find(i, dashes)
	}
	return at
}

// find decides what the last word is, after i arguments.
func (p *place) find(i int, dashes bool) {
	var argument *Value
	if all := p.command.Arguments; len(all) > 0 && (i < len(all) || all[len(all)-1].Repeats) {
		argument = &all[min(i, len(all)-1)]
	}
	isText := i >= len(p.command.Arguments) && argument != nil && argument.Text
	if dashes || isText || !strings.HasPrefix(p.tail, "-") {
		p.value = argument
		return
	}
	p.commands = nil
	flag, value, within := p.flag(p.tail)
	if within {
		p.value, p.tail = flag, value
		return
	}
	p.flags = true
}

// flag returns the flag with a value in a word that begins with a dash, or nil. The value can be
// within the word: --server=web1, -sweb1, -vsweb1.
func (p *place) flag(word string) (flag *Value, value string, within bool) {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		long, value, within = strings.Cut(long, "=")
		flag = p.valueOf(func(f Flag) bool { return f.Name == long })
		return flag, value, within && flag != nil
	}
	for i, letter := range strings.TrimPrefix(word, "-") {
		short := string(letter)
		flag = p.valueOf(func(f Flag) bool { return f.Short == short })
		if flag != nil {
			value = word[1+i+len(short):]
			return flag, value, value != ""
		}
	}
	return nil, "", false
}

// valueOf returns the value of the flag that a function picks, or nil.
func (p *place) valueOf(is func(Flag) bool) *Value {
	i := slices.IndexFunc(p.command.Flags, func(f Flag) bool { return f.Value != nil && is(f) })
	if i < 0 {
		return nil
	}
	return p.command.Flags[i].Value
}

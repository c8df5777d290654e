package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// place is what can be typed at the cursor.
type place struct {
	tail     string       // what of it is typed
	node     *kong.Node   // the command
	value    *kong.Value  // whose value it is; nil for none
	flags    bool         // it begins a flag
	commands []*kong.Node // it may be one of these, too
}

// placeOf finds where in a command the cursor is: behind args, at the end of last.
func placeOf(model *kong.Application, args []string, last string) place {
	p := place{tail: last, node: commandNamed(model, "send")}
	if len(args) == 0 {
		p.commands = model.Children
	}
	args = rewrite(args, tablesOf(model))
	if len(args) > 0 {
		if node := commandNamed(model, args[0]); node != nil {
			p.node, args = node, args[1:]
		}
	}
	i, dashes := 0, false // arguments so far; "--" was among them
	for _, arg := range args {
		switch {
		case p.value != nil: // of the flag before
			p.value = nil
		case dashes || len(arg) < 2 || arg[0] != '-':
			i++
		case arg == "--":
			dashes = true
		default:
			if flag, _, within := p.flag(arg); !within {
				p.value = flag
			}
		}
	}
	if p.value == nil {
		p.find(i, dashes)
	}
	return p
}

func commandNamed(model *kong.Application, name string) *kong.Node {
	i := slices.IndexFunc(model.Children, func(n *kong.Node) bool { return n.Name == name })
	if i < 0 {
		return nil
	}
	return model.Children[i]
}

// find tells what the last word is, with i arguments before it.
func (p *place) find(i int, dashes bool) {
	var argument *kong.Value
	if all := p.node.Positional; len(all) > 0 && (i < len(all) || all[len(all)-1].IsCumulative()) {
		argument = all[min(i, len(all)-1)]
	}
	isText := i >= len(p.node.Positional) && argument != nil && argument.Passthrough
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

// flag finds the flag of a word with dashes that needs a value, if there is one, and the
// value where it is within the word: --server=web1, -sweb1, -vsweb1.
func (p *place) flag(word string) (flag *kong.Value, value string, within bool) {
	if long, ok := strings.CutPrefix(word, "--"); ok {
		long, value, within = strings.Cut(long, "=")
		flag = p.flagNamed(func(f *kong.Flag) bool { return f.Name == long })
		return flag, value, within && flag != nil
	}
	for i, short := range strings.TrimPrefix(word, "-") {
		flag = p.flagNamed(func(f *kong.Flag) bool { return f.Short == short })
		if flag != nil {
			value = word[1+i+len(string(short)):]
			return flag, value, value != ""
		}
	}
	return nil, "", false
}

// flagNamed is one that needs a value.
func (p *place) flagNamed(is func(*kong.Flag) bool) *kong.Value {
	for _, flags := range p.node.AllFlags(false) {
		for _, flag := range flags {
			if is(flag) && !flag.IsBool() {
				return flag.Value
			}
		}
	}
	return nil
}

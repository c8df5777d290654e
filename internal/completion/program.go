package completion

import "slices"

// Program is the command line of msg, as far as completion needs it.
type Program struct {
	// Commands are the commands. The first one takes a line that names none.
	Commands []Command

	// Rewrite turns the arguments that a user types into those that the parser takes.
	Rewrite func(args []string) []string
}

// Command is a command with its flags and arguments. The tags keep testdata short.
type Command struct {
	Name      string
	Help      string  `json:"-"`
	Hidden    bool    `json:",omitempty"` // offered nowhere
	Flags     []Flag  // those of every command, too
	Arguments []Value // in their order
}

// Flag is a flag of a command.
type Flag struct {
	Name   string // without its dashes
	Short  string `json:",omitempty"` // the letter, or ""
	Help   string `json:"-"`
	Hidden bool   `json:",omitempty"` // offered nowhere
	Value  *Value `json:",omitempty"` // nil for a switch
}

// Value is the value of a flag, or an argument.
type Value struct {
	Name string

	// Kind is what it names: targets, hosts, domains, aliases, codes or file. With any other
	// kind, it is one of Words.
	Kind  string   `json:",omitempty"`
	Words []string `json:",omitempty"`

	Repeats bool `json:",omitempty"` // the last argument takes all further ones
	Text    bool `json:",omitempty"` // after its first word, nothing is a flag
}

// command returns the command of that name, or nil.
func (p Program) command(name string) *Command {
	i := slices.IndexFunc(p.Commands, func(c Command) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return &p.Commands[i]
}

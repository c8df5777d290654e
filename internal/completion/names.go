package completion

import (
	"context"
	"slices"
	"strings"
	"unicode"

	"msg/internal/sessions"
	"msg/internal/target"
)

// everyone is the target that shells expand to files.
const everyone = "*"

// finder finds the names for one line.
type finder struct {
	Names
	picture *sessions.Picture // once it was needed
}

// offer finds what a user can type at a place.
func (f *finder) offer(ctx context.Context, p place) offer {
	o := offer{tail: p.tail}
	if p.flags {
		o.names = flagNames(p.command)
		return o.fitting()
	}
	if p.value == nil {
		return o
	}
	switch p.value.Kind {
	case "targets":
		o = f.targets(ctx, p.tail)
	case "hosts":
		o = f.hosts(p.tail)
	case "domains":
		o.names = f.domains("")
	case "aliases":
		o.names = f.aliases()
	case "codes":
		o.names = f.codes(ctx)
	case "file":
		o.files = true
	default:
		o.names = plain(p.value.Words)
	}
	for _, command := range p.commands {
		if !command.Hidden && o.tail == p.tail { // after bob@ or a comma comes no command
			o.names = append(o.names, name{command.Name, brief(command.Help)})
		}
	}
	return o.fitting()
}

// fitting keeps the names that begin with the tail and are safe in a shell, sorted, each once.
func (o offer) fitting() offer {
	o.names = slices.DeleteFunc(o.names, func(n name) bool {
		return !strings.HasPrefix(n.word, o.tail) || n.word != everyone && !isPlain(n.word)
	})
	slices.SortStableFunc(o.names, func(a, b name) int { return strings.Compare(a.word, b.word) })
	o.names = slices.CompactFunc(o.names, func(a, b name) bool { return a.word == b.word })
	return o
}

// isPlain reports whether a word has only characters that mean themselves in each shell.
func isPlain(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-+:/@%", r)
	})
}

// plain returns names without help.
func plain(words []string) []name {
	all := make([]name, len(words))
	for i, word := range words {
		all[i].word = word
	}
	return all
}

func flagNames(command *Command) []name {
	var all []name
	for _, flag := range command.Flags {
		if !flag.Hidden {
			all = append(all, name{"--" + flag.Name, brief(flag.Help)})
		}
	}
	return all
}

// brief returns the beginning of a help text.
func brief(help string) string {
	for _, end := range []string{": ", "; ", ". ", ", ", " ("} {
		help, _, _ = strings.Cut(help, end)
	}
	return strings.TrimSuffix(help, ".")
}

// people returns the users that are logged in.
func (f *finder) people(ctx context.Context) []name {
	at := map[string][]string{}
	for _, t := range f.terminals(ctx) {
		at[t.User] = append(at[t.User], t.Name)
	}
	var all []name
	for user, terminals := range at {
		all = append(all, name{user, strings.Join(terminals, " ")})
	}
	return all
}

// terminals returns the terminals in use, of users whose names a target can have.
func (f *finder) terminals(ctx context.Context) []sessions.Terminal {
	if f.picture == nil {
		picture, err := f.Picture(ctx)
		if err != nil {
			picture.Terminals = nil
		}
		f.picture = &picture
	}
	return slices.DeleteFunc(slices.Clone(f.picture.Terminals), func(t sessions.Terminal) bool {
		parsed, err := target.Parse(t.User)
		return !t.InUse() || err != nil || len(parsed) != 1
	})
}

// domains returns the names of the domains, with a prefix. It runs no domain's command.
func (f *finder) domains(prefix string) []name {
	book, err := f.Book()
	if err != nil {
		return nil
	}
	var all []name
	for _, domain := range book.Domains() {
		all = append(all, name{prefix + domain, "domain"})
	}
	return all
}

func (f *finder) aliases() []name {
	book, err := f.Book()
	if err != nil {
		return nil
	}
	var all []name
	for _, e := range book.All() {
		if !e.IsAlias() || e.Hidden {
			continue
		}
		list := make([]string, len(e.Targets))
		for i, t := range e.Targets {
			list[i] = t.String()
		}
		all = append(all, name{e.Name, strings.Join(list, ",")})
	}
	return all
}

// groups returns the names of the groups that a target can have, with a prefix.
func (f *finder) groups(prefix string) []name {
	var all []name
	for _, group := range f.Groups() {
		if parsed, err := target.Parse("%" + group); err == nil && len(parsed) == 1 {
			all = append(all, name{prefix + group, ""})
		}
	}
	return all
}

// codes returns the codes of the messages that wait for the user's answer. Some can be there
// despite an error.
func (f *finder) codes(ctx context.Context) []name {
	found, _ := f.Waiting(ctx)
	all := make([]name, len(found))
	for i, m := range found {
		all[i].word = m.Code
	}
	return all
}

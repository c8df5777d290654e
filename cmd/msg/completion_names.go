package main

import (
	"context"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/alecthomas/kong"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/remote/sshhosts"
	"msg/internal/sessions"
	"msg/internal/target"
)

// everyone is the target that shells take for files.
const everyone = "*"

// known finds the names that there are, when a place wants them. None has a character that
// does anything in a shell or at a terminal: who could choose one, in a file or as a login,
// could have others run it.
type known struct {
	ctx     context.Context
	w       world
	picture *sessions.Picture
}

// newKnown asks no logind, which can take a second.
func newKnown(ctx context.Context, w world) *known {
	engine := *w.engine
	engine.System.Logind = nil
	w.engine = &engine
	return &known{ctx: ctx, w: w}
}

// offer finds what can be typed at a place.
func (n *known) offer(p place) offer {
	o := offer{tail: p.tail}
	if p.flags {
		o.names = flagNames(p.node)
		return o.fitting()
	}
	if p.value == nil {
		return o
	}
	switch p.value.Tag.Get("completion-predictor") {
	case "targets":
		o = n.targets(p.tail)
	case "hosts":
		o = n.hosts(p.tail)
	case "domains":
		o.names = n.domains("")
	case "aliases":
		o.names = n.aliases()
	case "codes":
		o.names = n.codes()
	case "file":
		o.files = true
	default:
		o.names = plain(p.value.EnumSlice())
	}
	for _, node := range p.commands {
		if !node.Hidden && o.tail == p.tail { // behind bob@ or a comma is none
			o.names = append(o.names, name{node.Name, brief(node.Help)})
		}
	}
	return o.fitting()
}

// fitting leaves the names that begin as it is typed, in order, each once.
func (o offer) fitting() offer {
	o.names = slices.DeleteFunc(o.names, func(n name) bool {
		return !strings.HasPrefix(n.word, o.tail) || n.word != everyone && !isPlain(n.word)
	})
	slices.SortStableFunc(o.names, func(a, b name) int { return strings.Compare(a.word, b.word) })
	o.names = slices.CompactFunc(o.names, func(a, b name) bool { return a.word == b.word })
	return o
}

// isPlain reports whether it has only characters that mean themselves, in each shell.
func isPlain(word string) bool {
	return word != "" && !strings.ContainsFunc(word, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune("_.-+:/@%", r)
	})
}

func plain(words []string) []name {
	all := make([]name, len(words))
	for i, word := range words {
		all[i].word = word
	}
	return all
}

func flagNames(node *kong.Node) []name {
	var all []name
	for _, flags := range node.AllFlags(true) {
		for _, flag := range flags {
			all = append(all, name{"--" + flag.Name, brief(flag.Help)})
		}
	}
	return all
}

// brief is what a help text begins with.
func brief(help string) string {
	for _, end := range []string{": ", "; ", ". ", ", ", " ("} {
		help, _, _ = strings.Cut(help, end)
	}
	return strings.TrimSuffix(help, ".")
}

// people are what a message can reach by a bare name.
func (n *known) people() []name {
	at := map[string][]string{}
	for _, t := range n.terminals() {
		at[t.User] = append(at[t.User], t.Name)
	}
	var all []name
	for user, terminals := range at {
		all = append(all, name{user, strings.Join(terminals, " ")})
	}
	return all
}

// terminals are those where somebody is.
func (n *known) terminals() []sessions.Terminal {
	if n.picture == nil {
		picture, err := n.w.engine.Picture(n.ctx)
		if err != nil {
			picture.Terminals = nil // a shell has no place to show it
		}
		n.picture = &picture
	}
	return slices.DeleteFunc(slices.Clone(n.picture.Terminals), func(t sessions.Terminal) bool {
		parsed, err := target.Parse(t.User)
		return !t.InUse() || err != nil || len(parsed) != 1
	})
}

// domains are the names of all, with something in front. No command is run for them.
func (n *known) domains(prefix string) []name {
	book, err := addressBook(n.w)
	if err != nil {
		return nil // a shell has no place to show it
	}
	var all []name
	for _, domain := range book.Domains() {
		all = append(all, name{prefix + domain, "domain"})
	}
	return all
}

func (n *known) aliases() []name {
	book, err := addressBook(n.w)
	if err != nil {
		return nil // a shell has no place to show it
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

func (n *known) sshHosts() []name {
	return plain(sshhosts.Names(os.DirFS("/"), n.w.getenv("HOME")))
}

func (n *known) groups(prefix string) []name {
	var all []name
	for _, group := range accounts.GroupNames() {
		if parsed, err := target.Parse("%" + group); err == nil && len(parsed) == 1 {
			all = append(all, name{prefix + group, ""})
		}
	}
	return all
}

// codes are those of the messages that wait for an answer of who asks.
func (n *known) codes() []name {
	found, err := answers.Waiting(n.ctx, pending(n.w), behindSudo(n.w))
	if err != nil && len(found) == 0 {
		return nil // a shell has no place to show it
	}
	all := make([]name, len(found))
	for i, m := range found {
		all[i].word = m.Code
	}
	return all
}

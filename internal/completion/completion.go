// Package completion tells a shell how a command line of msg can go on.
//
// The code for each shell is in shell/. It runs "msg completion SHELL --line=LINE" when a user
// presses Tab, and Answer finds the words that fit at the cursor: commands, flags, and names
// of users, groups, terminals, hosts, domains, aliases and codes.
//
// The package refuses to offer a word with a character that means something to a shell or to a
// terminal: other people choose logins and names of hosts, and a user must not run what they
// chose. It expands nothing, runs no domain's command, and reports no failure: a name that it
// can't find is missing, because a shell has no place to show an error.
//
// It has a small model of the command line of its own, Program, and not the parser's tree: so
// no package below internal depends on the parser, and a reader sees what completion uses.
package completion

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"io"
	"strings"
	"time"

	"msg/internal/addressbook"
	"msg/internal/answers"
	"msg/internal/sessions"
	"msg/internal/text"
)

// Names are the ways to the names that a line can have. Completion asks for names only when the
// line can go on with one of them.
type Names struct {
	Picture func(context.Context) (sessions.Picture, error)  // who is logged in, and where
	Book    func() (*addressbook.Book, error)                // aliases and domains
	Groups  func() []string                                  // the system's groups
	Hosts   func() []string                                  // the hosts that ssh knows
	Waiting func(context.Context) ([]answers.Message, error) // messages that wait for the user's answer
}

// scripts are the code for each shell.
//
//go:embed shell
var scripts embed.FS

// Script returns the code that completes msg in a shell: bash, zsh or fish.
func Script(shell string) ([]byte, error) {
	return scripts.ReadFile("shell/msg." + shell)
}

// timeLimit is how long an answer may take: the user waits for it.
const timeLimit = 300 * time.Millisecond

// Answer writes to out how a line can go on at its end, for the code of that shell. It returns
// only errors of out.
func (p Program) Answer(ctx context.Context, out io.Writer, shell, line string, names Names) error {
	ctx, cancel := context.WithTimeout(ctx, timeLimit)
	defer cancel()
	typed := splitLine(line)
	if typed.broken {
		return nil
	}
	var found offer
	if typed.redirected {
		found = offer{tail: typed.last, files: true}
	} else {
		f := finder{Names: names}
		found = f.offer(ctx, p.placeOf(typed.arguments(), typed.last))
	}
	return found.print(out, shell, typed)
}

// offer is how the word at the cursor can go on.
type offer struct {
	tail  string // the end of the word, which each name begins with
	names []name
	files bool // the shell completes a file's name itself
}

// name is a word that can be typed, and what it is, or "".
type name struct{ word, help string }

// print writes an offer for the code of a shell. For a file it writes "files" and the part of the
// word before the file's name (--file=). For names it writes "from" and the tail, then a line for
// each name, with its help after a tab. Each shell gets another part of the name:
//
//	bash: the rest, which the user has not typed. readline replaces only the part of the word
//	      after an "@" or ":"; msg does not have to know where that begins, and the quotes in
//	      what the user typed stay.
//	zsh:  the name. zsh quotes it.
//	fish: the whole word, which ends in the name. fish quotes the rest.
func (o offer) print(w io.Writer, shell string, line commandLine) error {
	if o.files {
		_, err := fmt.Fprintln(w, "files "+strings.TrimSuffix(line.last, o.tail))
		return err
	}
	if len(o.names) == 0 {
		return nil
	}
	out := bufio.NewWriter(w)
	fmt.Fprintln(out, "from "+o.tail)
	for _, n := range o.names {
		rest := n.word[len(o.tail):]
		switch {
		case shell == "bash" && n.word == everyone && line.quote == 0:
			rest = "'" + everyone + "'" // bash inserts it unchanged, and would expand a bare * to files
		case shell == "zsh":
			rest = n.word
		case shell == "fish":
			rest = line.last + rest
		}
		if shell != "bash" && n.help != "" {
			rest += "\t" + text.Name(n.help)
		}
		fmt.Fprintln(out, rest)
	}
	return out.Flush()
}

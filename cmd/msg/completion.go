package main

import (
	"bufio"
	"context"
	"embed"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"msg/internal/text"
)

// Help is shown by msg completion --help.
func (completionCmd) Help() string {
	return `Examples:
  source <(msg completion bash)      in ~/.bashrc
  source <(msg completion zsh)       in ~/.zshrc, behind compinit if that is there
  msg completion fish | source       in ~/.config/fish/config.fish

A package puts what is printed into the shell's own directory for completions.`
}

// scripts are the code for each shell. It asks msg, by --line, how a line can go on.
//
//go:embed completion
var scripts embed.FS

// completionTime bounds what completion waits for: who has pressed Tab waits, too.
const completionTime = 300 * time.Millisecond

// Run prints the code for the shell; with --line, how that line can go on.
func (c *completionCmd) Run(ctx context.Context, command *kong.Context, w world) error {
	if c.Line == nil {
		code, err := scripts.ReadFile("completion/msg." + c.Shell)
		if err == nil {
			_, err = w.stdout.Write(code)
		}
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, completionTime)
	defer cancel()
	line := splitLine(*c.Line)
	if line.broken {
		return nil
	}
	var found offer
	if line.redirected {
		found = offer{tail: line.last, files: true}
	} else {
		found = newKnown(ctx, w).offer(placeOf(command.Model, line.arguments(), line.last))
	}
	return found.print(w.stdout, c.Shell, line)
}

// offer is how what is at the cursor can go on.
type offer struct {
	tail  string // what each of the names begins with, of what is typed
	names []name
	files bool // the shell knows files itself
}

// name is one that can be typed, and what it is, or "".
type name struct{ word, help string }

// print writes for a shell's code: "files" and what stands before the file's name in its word
// (--file=); or "from" and the tail, and then a line for each name, with its help behind a
// tab. In the name's place is
//
//	bash: the rest that is missing. What readline replaces, it takes from a place of its own,
//	      behind an "@" or ":"; what is typed stays as it is, with all its quotes.
//	zsh:  the name. zsh quotes it.
//	fish: all of the word, with the name at its end. fish quotes what is missing of it.
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
			rest = "'" + everyone + "'" // bash inserts it as it is, and would take files for it
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

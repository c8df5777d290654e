package main

import (
	"context"
	"os"

	"github.com/alecthomas/kong"

	"msg/internal/accounts"
	"msg/internal/answers"
	"msg/internal/answers/ask"
	"msg/internal/completion"
	"msg/internal/remote/sshhosts"
	"msg/internal/sessions"
)

type completionCmd struct {
	Shell string  `arg:"" enum:"bash,zsh,fish" help:"The shell: bash, zsh or fish."`
	Line  *string `hidden:"" name:"line" placeholder:"LINE" help:"Print how a line can go on: what that code asks."`
}

// Help is shown by msg completion --help.
func (completionCmd) Help() string {
	return `Examples:
  source <(msg completion bash)      in ~/.bashrc
  source <(msg completion zsh)       in ~/.zshrc, behind compinit if that is there
  msg completion fish | source       in ~/.config/fish/config.fish

A package puts what is printed into the shell's own directory for completions.`
}

// Run prints the code for the shell; with --line, how that line can go on.
func (c *completionCmd) Run(ctx context.Context, command *kong.Context, w world) error {
	if c.Line == nil {
		code, err := completion.Script(c.Shell)
		if err == nil {
			_, err = w.stdout.Write(code)
		}
		return err
	}
	return programOf(command.Model).Answer(ctx, w.stdout, c.Shell, *c.Line, namesFor(w))
}

// namesFor returns the ways to the names that completion offers. It asks no logind, which can
// take a second.
func namesFor(w world) completion.Names {
	here := w.here
	here.System.Logind = nil
	return completion.Names{
		Picture: func(ctx context.Context) (sessions.Picture, error) { return here.Picture(ctx) },
		Book:    w.names().Book,
		Groups:  accounts.GroupNames,
		Hosts:   func() []string { return sshhosts.Names(os.DirFS("/"), w.getenv("HOME")) },
		Waiting: func(ctx context.Context) ([]answers.Message, error) {
			return ask.Waiting(ctx, pending(w), behindSudo(w))
		},
	}
}

// programOf returns the parser's tree as completion needs it.
func programOf(model *kong.Application) completion.Program {
	known := tablesOf(model)
	p := completion.Program{Rewrite: func(args []string) []string { return rewrite(args, known) }}
	for _, node := range model.Children {
		c := completion.Command{Name: node.Name, Help: node.Help, Hidden: node.Hidden}
		for _, flags := range node.AllFlags(false) {
			for _, flag := range flags {
				c.Flags = append(c.Flags, flagOf(flag))
			}
		}
		for _, argument := range node.Positional {
			c.Arguments = append(c.Arguments, valueOf(argument))
		}
		p.Commands = append(p.Commands, c)
	}
	return p
}

func flagOf(flag *kong.Flag) completion.Flag {
	f := completion.Flag{Name: flag.Name, Help: flag.Help, Hidden: flag.Hidden}
	if flag.Short != 0 {
		f.Short = string(flag.Short)
	}
	if !flag.IsBool() {
		value := valueOf(flag.Value)
		f.Value = &value
	}
	return f
}

func valueOf(value *kong.Value) completion.Value {
	v := completion.Value{
		Name: value.Name, Kind: value.Tag.Get("completion-predictor"),
		Repeats: value.IsCumulative(), Text: value.Passthrough,
	}
	if value.Enum != "" {
		v.Words = value.EnumSlice()
	}
	return v
}

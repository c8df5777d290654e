package main

import (
	"context"
	"os"
	"slices"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	"github.com/posener/complete"

	"msg/internal/text"
)

// Help is shown by msg completion --help.
func (completionCmd) Help() string {
	return `Examples:
  source <(msg completion bash)      in ~/.bashrc
  source <(msg completion zsh)       in ~/.zshrc
  msg completion fish | source       in ~/.config/fish/config.fish`
}

// Run prints the code for the shell.
func (c *completionCmd) Run(command *kong.Context) error {
	return (&kongcompletion.Completion{Shell: c.Shell, Code: true}).Run(command)
}

// completing answers a shell that asks how to complete a command line, and
// reports whether one did.
func completing(parser *kong.Kong, w world) (bool, error) {
	if os.Getenv("COMP_LINE") == "" {
		return false, nil
	}
	command, err := kongcompletion.Command(parser, kongcompletion.WithPredictors(map[string]complete.Predictor{
		"targets": complete.PredictFunc(func(complete.Args) []string { return loggedIn(w) }),
		"file":    complete.PredictFiles("*"),
		"none":    complete.PredictNothing,
	}))
	if err != nil {
		return false, err
	}
	send := command.Sub["send"]
	command.Args, command.Flags = send.Args, send.Flags // the default command
	shell := complete.New("msg", command)
	shell.Out = w.stdout
	return shell.Complete(), nil
}

// loggedIn are the people whom a message can reach now.
func loggedIn(w world) []string {
	names := []string{"*"}
	picture, err := w.engine.Picture(context.Background())
	if err != nil {
		return names // a shell has no place to show it
	}
	for _, t := range picture.Terminals {
		if t.InUse() {
			names = append(names, text.Name(t.User))
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

package main

import (
	"context"
	"slices"

	"github.com/alecthomas/kong"
	kongcompletion "github.com/jotaen/kong-completion"
	posener "github.com/posener/complete"

	"msg/internal/answers"
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

// asksToComplete reports whether a shell calls to complete a command line. A
// COMP_LINE that was left in the environment must not keep a message from being
// sent, so the arguments have to be a shell's, too: none from fish, from bash and
// zsh the command's name and two words.
func asksToComplete(w world, args []string) bool {
	return w.getenv("COMP_LINE") != "" && (len(args) == 0 || len(args) == 3 && args[0] == "msg")
}

// complete answers a shell that asks how to complete a command line.
func complete(parser *kong.Kong, w world) error {
	command, err := kongcompletion.Command(parser, kongcompletion.WithPredictors(map[string]posener.Predictor{
		"targets": posener.PredictFunc(func(posener.Args) []string { return loggedIn(w) }),
		"domains": posener.PredictFunc(func(posener.Args) []string { return domainNames(w) }),
		"aliases": posener.PredictFunc(func(posener.Args) []string { return aliasNames(w) }),
		"codes":   posener.PredictFunc(func(posener.Args) []string { return codes(w) }),
		"file":    posener.PredictFiles("*"),
		"yesno":   posener.PredictSet("y", "n"),
		"none":    posener.PredictNothing,
	}))
	if err != nil {
		return err
	}
	send := command.Sub["send"]
	command.Args, command.Flags = send.Args, send.Flags // the default command
	shell := posener.New("msg", command)
	shell.Out = w.stdout
	shell.Complete()
	return nil
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

// domainNames are the domains that there are. No command is run for them.
func domainNames(w world) []string {
	set, err := namesOf(w)
	if err != nil {
		return nil // a shell has no place to show it
	}
	return set.Domains()
}

// aliasNames are the aliases that there are.
func aliasNames(w world) []string {
	set, err := namesOf(w)
	if err != nil {
		return nil // a shell has no place to show it
	}
	return set.Aliases()
}

// codes are those of the messages that wait for an answer of who asks.
func codes(w world) []string {
	found, err := answers.Waiting(context.Background(), pending(w), behindSudo(w))
	if err != nil && len(found) == 0 {
		return nil // a shell has no place to show it
	}
	all := make([]string, len(found))
	for i, m := range found {
		all[i] = m.Code
	}
	return all
}

package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/alecthomas/kong"

	"msg/internal/compat"
	"msg/internal/message"
)

// Help is shown by msg net --help.
func (netCmd) Help() string {
	return `Examples:
  msg net send bob Lunch at one?         to bob
  msg net send '*' Reboot at ten.        to everyone on this host; /users does the same
  msg net send /domain:lab Reboot.       to everyone on the hosts of a domain
  msg net send /domain Reboot.           of the domain, where only one is defined
  msg net name                           the aliases and domains there are
  msg net name ali                       ali is another name for you; /add does the same
  msg net name ali /delete

In msg's own words these are msg send and msg name.`
}

// Run does what net would.
func (c *netCmd) Run(ctx context.Context, w world, command *kong.Context, status *int) error {
	args := make([]string, len(c.Args))
	for i, arg := range c.Args {
		args[i] = string(arg)
	}
	net, err := compat.ParseNet(args)
	switch {
	case err != nil:
		return &message.Refusal{Problem: err.Error(), Hint: `"msg net --help" shows the usage`}
	case net.Help:
		return command.PrintUsage(false)
	case net.Send != nil:
		return sendNet(ctx, w, *net.Send, status)
	}
	name := nameCmd{Name: named(net.Name.Name), Delete: net.Name.Delete}
	name.Add = name.Name != "" && !name.Delete
	return name.Run(ctx, w, status)
}

// sendNet sends what net send would.
func sendNet(ctx context.Context, w world, net compat.NetSend, status *int) error {
	send := sendCmd{sending: sending{Targets: word(net.Target), Domain: named(net.Domain), Text: textOf(net.Words)}}
	if net.Only {
		only, err := onlyDomain(w)
		if err != nil {
			return err
		}
		send.Domain = named(only)
	}
	return send.Run(ctx, w, status)
}

// onlyDomain is the domain that is meant where none is named.
func onlyDomain(w world) (string, error) {
	book, err := addressBook(w)
	if err != nil {
		return "", requestError(err)
	}
	all := book.Domains()
	switch len(all) {
	case 0:
		return "", &message.Refusal{
			Problem: "no domain is defined",
			Hint:    "msg.conf(5) tells how, in " + strings.Join(book.Paths, " or "),
		}
	case 1:
		return all[0], nil
	}
	return "", &message.Refusal{
		Problem: fmt.Sprintf("which domain? there are %s", strings.Join(all, ", ")),
		Hint:    "/domain:" + all[0] + " names one",
	}
}

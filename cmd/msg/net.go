package main

import (
	"context"
	"strings"

	"github.com/alecthomas/kong"

	"msg/internal/client"
	"msg/internal/compat"
)

type netCmd struct {
	Args []word `arg:"" optional:"" passthrough:"" help:"send and whom to send what, or name." completion-predictor:"none"`
}

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
func (c *netCmd) Run(ctx context.Context, w world, command *kong.Context) error {
	args := make([]string, len(c.Args))
	for i, arg := range c.Args {
		args[i] = string(arg)
	}
	net, err := compat.ParseNet(args)
	switch {
	case err != nil:
		return wrong(`"msg net --help" shows the usage`, "%v", err)
	case net.Help:
		return command.PrintUsage(false)
	case net.Send != nil:
		return sendNet(ctx, w, *net.Send)
	case net.Name.Delete:
		return aliases{w: w}.drop(net.Name.Name, "")
	case net.Name.Name == "":
		return aliases{w: w}.show("")
	}
	return aliases{w: w}.set(ctx, net.Name.Name, "")
}

// sendNet sends what net send would.
func sendNet(ctx context.Context, w world, net compat.NetSend) error {
	o := outgoing{Message: client.Message{Targets: net.Target, Domain: net.Domain}, text: literal(net.Words...)}
	if net.Only {
		var err error
		if o.Domain, err = onlyDomain(w); err != nil {
			return err
		}
	}
	return o.send(ctx, w)
}

// onlyDomain is the domain that is meant where none is named.
func onlyDomain(w world) (string, error) {
	book, err := w.names().Book()
	if err != nil {
		return "", client.Refused(err)
	}
	all := book.Domains()
	switch len(all) {
	case 0:
		return "", wrong("msg.conf(5) tells how, in "+strings.Join(book.Paths, " or "), "no domain is defined")
	case 1:
		return all[0], nil
	}
	return "", wrong("/domain:"+all[0]+" names one", "which domain? there are %s", strings.Join(all, ", "))
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os/signal"
	"strings"

	"msg/internal/client"
	"msg/internal/hostlist"
	"msg/internal/window"
)

type hostsCmd struct {
	Exprs []string `arg:"" optional:"" name:"expr" help:"Hosts, such as 'web[01-40],db1', @DOMAIN or @./FILE; from standard input where it is left out. At a terminal, that shows the domains." completion-predictor:"hosts"`
	Fold  bool     `short:"f" xor:"form" help:"Print them as one short list."`
	Count bool     `short:"c" xor:"form" help:"Print how many there are."`
	JSON  bool     `name:"json" xor:"form" help:"Print an array of JSON strings."`
}

// Help is shown by msg hosts --help.
func (hostsCmd) Help() string {
	return `Examples:
  msg hosts 'web[01-40]'             web01 to web40, one a line
  msg hosts @lab                     the hosts of a domain of msg.conf(5)
  msg hosts @./hosts.txt             those in a file
  msg hosts '@lab!web[3-5]'          without some; & is in both, ^ in one alone
  msg hosts -c @lab                  how many there are
  cut -d' ' -f1 list | msg hosts -f  fold names into web[01-38],db1
  msg hosts                          at a terminal: the domains that there are`
}

// Run prints the hosts of lists.
func (c *hostsCmd) Run(ctx context.Context, w world) error {
	list := strings.Join(c.Exprs, " ")
	if len(c.Exprs) == 0 {
		if window.IsTerminal(w.stdin) {
			return c.domains(w)
		}
		content, err := client.ReadAll(w.stdin, "standard input", client.MostList)
		if err != nil {
			return err
		}
		list = client.WithoutComments(content)
	}
	ctx, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	hosts, err := w.names().Hosts(ctx, list)
	if ctx.Err() != nil {
		return exit(exitInterrupted)
	}
	if err != nil {
		return err
	}
	return c.print(w, hosts)
}

// domains prints the domains that a list can name.
func (c *hostsCmd) domains(w world) error {
	book, err := w.names().Book()
	if err != nil {
		return client.Refused(err)
	}
	all := append([]string{}, book.Domains()...) // JSON tells nil from none
	if len(all) == 0 && !c.JSON && !c.Count {
		fmt.Fprintf(w.stderr, "msg: no domains\nhint: msg.conf(5) tells how to name lists of hosts, in %s\n", strings.Join(book.Paths, " or "))
		return nil
	}
	return c.print(w, all)
}

func (c *hostsCmd) print(w world, hosts []string) error {
	var err error
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(hosts)
	case c.Count:
		_, err = fmt.Fprintln(w.stdout, len(hosts))
	case c.Fold:
		_, err = fmt.Fprintln(w.stdout, hostlist.Fold(hosts))
	default:
		_, err = io.WriteString(w.stdout, strings.Join(hosts, "\n")+"\n")
	}
	return err
}

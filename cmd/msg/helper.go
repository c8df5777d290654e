package main

type helperCmd struct{}

// Help is shown by msg helper --help.
func (helperCmd) Help() string {
	return `It is started by msg on another host, over ssh, and talks to that.

A key that can send messages and nothing else, in ~/.ssh/authorized_keys:
  command="msg helper",restrict ssh-ed25519 AAAA... cron@backup`
}

var errNotByHand = wrong(`msg bob@HOST "text" does; -- helper is a user of that name`, "msg helper is started by msg on another host, not by hand")

//go:build linux

// Command attacker is who the tests have attack the installed msg-helper: it runs
// as a user without any rights on a host of the lab, and starts the helper itself,
// in ways that msg never would.
//
//	attacker play           carries out the plans on standard input, one by one
//	attacker together       carries them out all at once
//	attacker spy PID        tries to get into a process
//	attacker forge          carries out one plan, and answers in getent's place
//	attacker flood PATH SECS  opens connections to a socket
//	attacker display TEXT   carries out plans, with a display of that name in logind
//	attacker become UID ... claims a login uid, and runs a command
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"

	"msg/test/attacker/plan"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "attacker:", err)
		os.Exit(1)
	}
}

var errUsage = errors.New("usage: attacker play|together|spy|forge|become|flood|pretend|mimic|quiet|pane|display")

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	switch args[0] {
	case "stage":
		return stage(args[1])
	case "play", "together":
		return play(args[0] == "together")
	case "spy":
		return spy(args[1])
	case "forge":
		return forge()
	case "become":
		return become(args[1], args[2:])
	case "flood":
		return flood(args[1], args[2])
	case "pretend":
		return pretend()
	case "mimic":
		return mimic(args[1], args[2], args[3:])
	case "quiet":
		return quiet()
	case "pane":
		return pane(args[1])
	case "display":
		return display(args[1])
	}
	return errUsage
}

// play reads plans and writes what became of each.
func play(together bool) error {
	var plans []plan.Plan
	if err := json.NewDecoder(os.Stdin).Decode(&plans); err != nil {
		return err
	}
	outcomes := make([]plan.Outcome, len(plans))
	var all sync.WaitGroup
	for i, p := range plans {
		if together {
			all.Go(func() { outcomes[i] = carryOut(p) })
		} else {
			outcomes[i] = carryOut(p)
		}
	}
	all.Wait()
	return json.NewEncoder(os.Stdout).Encode(outcomes)
}

//go:build linux

// Command attacker attacks msgd for the tests: it runs as a user without any rights on a host of
// the lab, and connects to the door itself, in ways that msg never would.
//
//	attacker play             carries out the plans on standard input, one by one
//	attacker together         carries them out all at once
//	attacker flood PATH SECS [PER-SECOND]  opens connections to a socket
//	attacker hold N TERMINAL  begins messages to a terminal that takes none
//	attacker hang WHAT N      has N terminals that hang: WHAT is terminals or memory
//	attacker give PATH        gives a connection to the process that takes at a path
//	attacker take PATH        carries out a plan on a connection that it is given
//	attacker spy PID          tries to get into a process
//	attacker display TEXT     carries out plans, with a display of that name in logind
//	attacker become UID       claims a login uid, and carries out plans
//	attacker pretend, mimic   are on a terminal with the number of somebody else's
//	attacker pane COLUMNS     is a terminal that shows nothing until it is told to
//	attacker forge TEXT PROGRAM...  writes to the log what looks like msgd's, and becomes a program
//	attacker drown SECS       writes to the log as fast as it can
//	attacker again PID UID    is another process of that number; for root
//	attacker oldkernel COMMAND  runs a program on a kernel without SO_PASSRIGHTS; for root
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

var errUsage = errors.New("usage: see the comment at the top of main.go")

func run(args []string) error {
	if len(args) == 0 {
		return errUsage
	}
	command, args := args[0], args[1:]
	switch {
	case command == "play" || command == "together":
		return play(command == "together")
	case command == "flood" && len(args) == 2:
		return flood(args[0], args[1], "0")
	case command == "flood" && len(args) == 3:
		return flood(args[0], args[1], args[2])
	case command == "pretend":
		return pretend()
	case command == "quiet":
		return quiet()
	case command == "mimic" && len(args) > 1:
		return mimic(args[0], args[1], args[2:])
	case command == "forge" && len(args) > 1:
		return forge(args[0], args[1:])
	case command == "again" && len(args) == 2:
		return again(args[0], args[1])
	case command == "hold" && len(args) == 2:
		return hold(args[0], args[1])
	case command == "hang" && len(args) == 2:
		return hang(args[0], args[1])
	case command == "mounted" && len(args) == 2:
		return mounted(args[0], args[1])
	case command == "hangs" && len(args) == 2:
		return hangs(args[0], args[1])
	case command == "oldkernel" && len(args) > 0:
		return oldKernel(args)
	}
	one := map[string]func(string) error{
		"stage": stage, "give": give, "take": take, "spy": spy, "display": display,
		"become": become, "drown": drown, "pane": pane, "onTerminal": onTerminal,
	}[command]
	if one == nil || len(args) != 1 {
		return errUsage
	}
	return one(args[0])
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

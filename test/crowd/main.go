//go:build linux

// Command crowd fills a host with logins, and measures programs there side by side.
//
//	crowd logins COUNT USER...      logs people in on terminals of their own, until stdin ends
//	crowd compare ROUNDS COMMAND... runs commands in turn, and tells what each took, as JSON
//
// Root's login(1) makes the logins, so PAM and logind know each of them.
package main

import (
	"errors"
	"fmt"
	"os"
	"strconv"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "crowd: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 3 {
		return errors.New("say logins or compare, how many, and of what")
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	switch args[0] {
	case "logins":
		return logins(n, args[2:])
	case "compare":
		return compare(n, args[2:])
	}
	return fmt.Errorf("%q is neither logins nor compare", args[0])
}

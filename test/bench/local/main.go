//go:build linux

// Command local measures msg beside wall, who and its own other ways, on one machine: an
// island with terminals of its own, up to 4,000. Whoever is compared runs in turn, so that
// what else the machine does meets all alike, and only ratios are told apart.
package main

import (
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"

	"msg/test/island"
)

func main() {
	if os.Getenv(runnerEnv) != "" {
		work := obey
		if len(os.Args) == 3 {
			switch os.Args[1] {
			case floorName:
				work = func() error { return floor(os.Args[2]) }
			case doorName:
				work = func() error { return converse(os.Args[2]) }
			}
		}
		if err := work(); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %v\n", err)
			os.Exit(1)
		}
		return
	}
	island.Main(func() int {
		if err := run(); err != nil {
			fmt.Fprintf(os.Stderr, "bench: %v\n", err)
			return 1
		}
		return 0
	})
}

func run() error {
	rounds := flag.Int("rounds", 20, "how often each is run")
	terminals := flag.String("terminals", "1,100,1000,4000", "how many terminals there are to be")
	only := flag.String("only", "", "a part of the name of what to measure; \"\" is all")
	flag.Parse()
	if err := island.Install("."); err != nil {
		return err
	}
	service, err := island.Start()
	if err != nil {
		return err
	}
	defer func() { _ = service.Kill() }()
	var sizes []int
	for word := range strings.SplitSeq(*terminals, ",") {
		n, err := strconv.Atoi(word)
		if err != nil || n < 1 || n > mostTerminals {
			return fmt.Errorf("%q is no number of terminals from 1 to %d", word, mostTerminals)
		}
		sizes = append(sizes, n)
	}
	b, err := newBench(*rounds, sizes)
	if err != nil {
		return err
	}
	for _, one := range comparisons {
		if !strings.Contains(one.name, *only) {
			continue
		}
		if err := one.measure(b); err != nil {
			return fmt.Errorf("%s: %w; msgd's log: %q", one.name, err, service.Log())
		}
	}
	return nil
}

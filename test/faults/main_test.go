//go:build linux

// Package faults_test has everything that msg leans on fail: terminals that go away, hang or
// become somebody else's, registers that lie, a bus that hangs, an msgd that is killed. The
// installed programs run on an island, on real pseudo-terminals, many times for each fault.
//
// A try is survived if msg ended in time, each terminal has one result, and each result is
// true by what came out at the terminal's other side. At the end a table tells the counts.
package faults_test

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"

	"msg/test/island"
)

// people are the accounts of the island. Two more have a name that is as long as utmp has
// room for, and one that is longer.
var people, longNamed []island.Person

const nameSize = 32

const mostPeople = 300

// service is the msgd that users' messages go through.
var service *island.Service

// settings let everybody send what these tests send.
const settings = `[policy]
broadcast = ["*"]
[rate]
per_minute = 100000
burst = 100000
`

func TestMain(m *testing.M) {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "faults: SKIPPED: only root can have an island; run these tests as root")
		return
	}
	island.Main(func() int {
		if err := furnish(); err != nil {
			fmt.Fprintf(os.Stderr, "faults: %v\n", err)
			return 1
		}
		if err := flag.Set("test.parallel", "16"); err != nil { // those that are parallel wait, they do not work
			panic(err)
		}
		code := m.Run()
		fmt.Print(counts.table())
		if code != 0 {
			log := service.Log()
			fmt.Printf("msgd's log ends: %s\n", log[max(0, len(log)-1000):])
		}
		return code
	})
}

func furnish() (err error) {
	if err := island.Install("../.."); err != nil {
		return err
	}
	if err := os.MkdirAll("/etc/msg", 0o755); err != nil {
		return err
	}
	if err := os.WriteFile("/etc/msg/msg.toml", []byte(settings), 0o644); err != nil {
		return err
	}
	if people, err = island.People(mostPeople); err != nil {
		return err
	}
	longNamed, err = island.Named(strings.Repeat("n", nameSize), strings.Repeat("l", nameSize+8))
	if err != nil {
		return err
	}
	service, err = island.Start()
	return err
}

// counts is what the tests have come to so far.
var counts tally

type tally struct {
	mu   sync.Mutex
	rows []*count
}

// count is of one fault.
type count struct {
	fault           string
	tries, survived int
	ends            map[string]int // how many results were of that kind
	t               *testing.T
}

// fault begins the count of one, for the table; the test fails where not all is survived.
func fault(t *testing.T, name string) *count {
	c := &count{fault: name, ends: map[string]int{}, t: t}
	counts.mu.Lock()
	counts.rows = append(counts.rows, c)
	counts.mu.Unlock()
	t.Cleanup(func() {
		c.t.Logf("%s: %d tries, %d survived; %v", c.fault, c.tries, c.survived, c.ends)
		if c.tries == 0 {
			c.t.Error("never tried")
		}
	})
	return c
}

// mostTold is how many tries of a fault are told of that were not survived.
const mostTold = 5

// tried counts one try, which is survived where there is no error. Tries may be at once.
func (c *count) tried(err error) {
	counts.mu.Lock()
	defer counts.mu.Unlock()
	c.tries++
	switch lost := c.tries - c.survived; {
	case err == nil:
		c.survived++
	case lost <= mostTold:
		c.t.Errorf("%s, try %d: %v", c.fault, c.tries, err)
	default:
		c.t.Fail()
	}
}

// came notes which result it was, to see which of its moments the fault has met.
func (c *count) came(r result) {
	counts.mu.Lock()
	defer counts.mu.Unlock()
	c.ends[cmp.Or(r.Reason, r.Event)]++
}

func (c *tally) table() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out strings.Builder
	out.WriteString("\n| fault | tries | survived | lost |\n| --- | --- | --- | --- |\n")
	for _, r := range c.rows {
		lost := "none"
		if n := r.tries - r.survived; n > 0 {
			lost = fmt.Sprint(n)
		}
		fmt.Fprintf(&out, "| %s | %d | %d | %s |\n", r.fault, r.tries, r.survived, lost)
	}
	return out.String()
}

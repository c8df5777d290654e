//go:build linux

package main

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"msg/test/island"
)

// bench is the island that is measured on.
type bench struct {
	rounds    int
	sizes     []int // how many terminals there are to be, one after the other
	runner    *runner
	people    []island.Person
	terminals []*island.Terminal
	led       bool // the terminals have session leaders
	texts     int  // how many messages have been sent
}

const mostTerminals = 4000

func newBench(rounds int, sizes []int) (*bench, error) {
	r, err := newRunner()
	if err != nil {
		return nil, err
	}
	people, err := island.People(mostTerminals)
	return &bench{rounds: rounds, sizes: sizes, runner: r, people: people}, err
}

// populate has exactly n terminals there, each of another person, registered in utmp. With
// led, each has a session leader, as a login has; without, nothing but utmp tells of it.
func (b *bench) populate(n int, led bool) error {
	if led != b.led {
		b.clear(0)
		b.led = led
	}
	b.clear(n)
	for i := len(b.terminals); i < n; i++ {
		t, err := island.Open(b.people[i])
		if err != nil {
			return err
		}
		b.terminals = append(b.terminals, t)
		if led {
			if err := t.Lead(); err != nil {
				return err
			}
		}
	}
	records := make([]island.Record, n)
	for i, t := range b.terminals {
		records[i] = t.Record()
	}
	return island.WriteUtmp(records)
}

func (b *bench) clear(n int) {
	for len(b.terminals) > n {
		last := len(b.terminals) - 1
		b.terminals[last].HangUp()
		b.terminals = b.terminals[:last]
	}
}

// text is one that was not sent before.
func (b *bench) text() string {
	b.texts++
	return fmt.Sprintf("The machine is restarted at ten, message %d.", b.texts)
}

// command is what is measured, made anew for each round.
type command struct {
	name string
	argv []string
	text bool // it sends one, which is its last argument
	uid  int  // as whom; 0 is root
	exit int  // how it ends

	tells bool // on standard error, how many nanoseconds it took
	keep  bool // what it writes to standard error
}

// sample is one run.
type sample struct {
	took   time.Duration
	cpu    time.Duration
	memory int64         // the most that was resident, in bytes
	last   time.Duration // until the last terminal that is not held had the text
	stderr string        // of a command whose standard error is kept
}

// compare runs the commands side by side, in another order each time.
func (b *bench) compare(commands []command) ([][]sample, error) {
	all := make([][]sample, len(commands))
	for round := range b.rounds + 1 {
		for _, i := range rand.Perm(len(commands)) {
			s, err := b.run(commands[i])
			if err != nil {
				return nil, fmt.Errorf("%s: %w", commands[i].name, err)
			}
			if round > 0 { // the first one is to have everything in memory
				all[i] = append(all[i], s)
			}
		}
	}
	return all, nil
}

func (b *bench) run(c command) (sample, error) {
	o := order{Argv: c.argv, UID: c.uid}
	text := ""
	if c.text {
		text = b.text()
		o.Argv = append(slices.Clone(c.argv), text)
	}
	came, err := b.runner.run(o)
	if err != nil {
		return sample{}, err
	}
	if came.Status != c.exit {
		return sample{}, fmt.Errorf("exits with %d: %s", came.Status, came.Stderr)
	}
	s := sample{took: came.Took, cpu: came.CPU, memory: came.Memory}
	if c.keep {
		s.stderr = came.Stderr
	}
	if c.tells {
		ns, err := strconv.ParseInt(came.Stderr, 10, 64)
		if err != nil {
			return s, err
		}
		s.took = time.Duration(ns)
	}
	if text != "" {
		s.last, err = b.arrived(text, came.Started)
	}
	return s, err
}

// arrived holds that each terminal has the text, once, and tells how long the last one had to
// wait for it. One that is held has nothing.
func (b *bench) arrived(text string, start time.Time) (last time.Duration, err error) {
	for _, t := range b.terminals {
		if t.Held {
			continue
		}
		if err := t.Await(text, 10*time.Second); err != nil {
			return 0, err
		}
	}
	for _, t := range b.terminals {
		seen, at := t.Take()
		if n := strings.Count(string(seen), text); n != 1 && !t.Held {
			return 0, fmt.Errorf("%s has the text %d times", t.Name, n)
		}
		if !t.Held {
			last = max(last, at.Sub(start))
		}
	}
	return last, nil
}

// spread is a median with its quartiles.
type spread struct{ low, median, high float64 }

func spreadOf(values []float64) spread {
	slices.Sort(values)
	at := func(q float64) float64 { return values[int(q*float64(len(values)-1)+0.5)] }
	return spread{at(0.25), at(0.5), at(0.75)}
}

func (s spread) String() string { return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median, s.low, s.high) }

// ratio compares round by round: what else the machine did then met both.
func ratio(a, b []sample, of func(sample) time.Duration) spread {
	var ratios []float64
	for i := range a {
		ratios = append(ratios, float64(of(a[i]))/float64(of(b[i])))
	}
	return spreadOf(ratios)
}

func took(s sample) time.Duration { return s.took }
func last(s sample) time.Duration { return s.last }
func cpu(s sample) time.Duration  { return s.cpu }

// ms is the median, in milliseconds.
func ms(all []sample, of func(sample) time.Duration) string {
	var values []float64
	for _, s := range all {
		values = append(values, of(s).Seconds()*1000)
	}
	return fmt.Sprintf("%.1f", spreadOf(values).median)
}

func mostMemory(all []sample) string {
	most := int64(0)
	for _, s := range all {
		most = max(most, s.memory)
	}
	return fmt.Sprintf("%.1f", float64(most)/1e6)
}

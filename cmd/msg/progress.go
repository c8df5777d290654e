package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"msg/internal/text"
)

// progress shows how far a message to several hosts is, once that takes longer than a
// person thinks it should, in a line that is drawn anew. A nil one shows nothing.
type progress struct {
	all int
	on  io.Writer

	mu    sync.Mutex
	left  map[string]bool
	shown int         // columns of the line that is on the screen
	again *time.Timer // draws it the next time; nil until it is shown
	over  bool
}

const (
	beforeProgress = time.Second
	barWidth       = 30
	mostLeft       = 3 // of the hosts still waited for, this many are named
)

// begin shows progress on standard error from soon on, until it is told to stop.
func (o *reporter) begin() (stop func()) {
	mixed := (o.verbose || o.json) && isTerminal(o.w.stdout)
	if o.quiet || mixed || o.alone() || !isTerminal(o.w.stderr) {
		return func() {}
	}
	p := &progress{all: o.summary.Hosts, on: o.w.stderr, left: map[string]bool{}}
	for _, host := range o.hosts.names {
		p.left[host] = true
	}
	o.mu.Lock()
	o.progress = p
	o.mu.Unlock()
	timer := time.AfterFunc(beforeProgress, p.show)
	return func() {
		timer.Stop()
		p.end()
	}
}

// show draws the line, and again from time to time.
func (p *progress) show() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over || len(p.left) == 0 {
		return
	}
	columns := max(terminalWidth(p.on)-1, 1) // the last one stays free: no row is begun
	line := text.Truncate(p.line(), columns)
	fmt.Fprint(p.on, "\r"+text.Pad(line, min(p.shown, columns))+"\r"+line)
	p.shown = text.Width(line)
	p.again = time.AfterFunc(betweenDrawings, p.show)
}

// line is such as "38 of 40 hosts [=====> ] waiting for web3, web9".
func (p *progress) line() string {
	done := p.all - len(p.left)
	filled := barWidth * done / max(1, p.all)
	bar := strings.Repeat("=", filled)
	if filled < barWidth {
		bar += ">" + strings.Repeat(" ", barWidth-filled-1)
	}
	words := fmt.Sprintf("%d of %d hosts [%s]", done, p.all, bar)
	if len(p.left) <= mostLeft {
		words += " waiting for " + strings.Join(slices.Sorted(maps.Keys(p.left)), ", ")
	}
	return words
}

// done takes in that a host has its result.
func (p *progress) done(host string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.left, host)
}

// ended reports whether there is no line, and none will come.
func (p *progress) ended() bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// end takes the line off the screen.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over = true; p.again != nil {
		p.again.Stop()
	}
	fmt.Fprint(p.on, blank(p.shown))
	p.shown = 0
}

// blank takes a line of so many columns off the screen.
func blank(columns int) string {
	if columns == 0 {
		return ""
	}
	return "\r" + strings.Repeat(" ", columns) + "\r"
}

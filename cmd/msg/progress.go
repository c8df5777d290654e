package main

import (
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far a message to several hosts is, once that takes longer than a
// person thinks it should. A nil one shows nothing.
type progress struct {
	mu   sync.Mutex
	all  int
	left map[string]bool
	bars *mpb.Progress // nil until it is shown
	bar  *mpb.Bar
	over bool
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
	p := &progress{all: o.summary.Hosts, left: map[string]bool{}}
	for _, host := range o.hosts.names {
		p.left[host] = true
	}
	o.progress = p
	timer := time.AfterFunc(beforeProgress, func() { p.show(o.w.stderr) })
	return func() {
		timer.Stop()
		p.end()
	}
}

func (p *progress) show(on io.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	p.bars = mpb.New(mpb.WithOutput(on), mpb.WithWidth(barWidth))
	p.bar = p.bars.AddBar(int64(p.all),
		mpb.PrependDecorators(decor.CountersNoUnit("%d of %d hosts ")),
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return p.waitsFor() })))
	p.bar.SetCurrent(int64(p.all - len(p.left)))
}

// waitsFor names the last ones.
func (p *progress) waitsFor() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.left) == 0 || len(p.left) > mostLeft {
		return ""
	}
	return " waiting for " + strings.Join(slices.Sorted(maps.Keys(p.left)), ", ")
}

// done takes in that a host has its result.
func (p *progress) done(host string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	delete(p.left, host)
	bar, left := p.bar, len(p.left)
	p.mu.Unlock()
	if bar != nil && left > 0 {
		bar.SetCurrent(int64(p.all - left))
	}
}

// end takes the bar off the screen.
func (p *progress) end() {
	p.mu.Lock()
	p.over = true
	bars, bar := p.bars, p.bar
	p.mu.Unlock()
	if bar != nil {
		bar.Abort(true)
		bars.Wait()
	}
}

package main

import (
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
)

// progress shows how far a message to several hosts is, once that takes longer than a
// person thinks it should. A nil one shows nothing.
type progress struct {
	all   int
	names atomic.Pointer[string] // of the last hosts; drawn while others hold mu

	mu   sync.Mutex
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
	p.nameLast()
	o.mu.Lock()
	o.progress = p
	o.mu.Unlock()
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
		mpb.AppendDecorators(decor.Any(func(decor.Statistics) string { return *p.names.Load() })))
	p.bar.SetCurrent(int64(p.all - len(p.left)))
}

// nameLast names the last hosts that are waited for.
func (p *progress) nameLast() {
	words := ""
	if 0 < len(p.left) && len(p.left) <= mostLeft {
		words = " waiting for " + strings.Join(slices.Sorted(maps.Keys(p.left)), ", ")
	}
	p.names.Store(&words)
}

// done takes in that a host has its result.
func (p *progress) done(host string) {
	if p == nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.left, host)
	p.nameLast()
	if p.bar != nil && len(p.left) > 0 {
		p.bar.SetCurrent(int64(p.all - len(p.left)))
	}
}

// ended reports whether there is no bar, and none will come.
func (p *progress) ended() bool {
	if p == nil {
		return true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.over
}

// end takes the bar off the screen.
func (p *progress) end() {
	if p == nil {
		return
	}
	p.mu.Lock()
	p.over = true
	bars, bar := p.bars, p.bar
	p.mu.Unlock()
	if bar != nil {
		bar.Abort(true)
		bars.Wait()
	}
}

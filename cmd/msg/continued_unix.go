//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"
)

// continued draws the line of who is missing again after the program was stopped (Ctrl-Z) and
// goes on: a shell has written below it. It returns what ends that.
func (o *reporter) continued() (end func()) {
	if o.wait == nil {
		return func() {}
	}
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGCONT)
	go func() {
		for range again {
			o.redraw()
		}
	}()
	return func() {
		signal.Stop(again)
		close(again)
	}
}

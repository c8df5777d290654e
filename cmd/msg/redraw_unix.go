//go:build unix

package main

import (
	"os"
	"os/signal"
	"syscall"

	"msg/internal/report"
)

// redrawn draws the status line again when the program goes on after it was stopped (Ctrl-Z):
// a shell has written below it. It returns what ends that.
func redrawn(out *report.Report) (end func()) {
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGCONT)
	go func() {
		for range again {
			out.Redraw()
		}
	}()
	return func() {
		signal.Stop(again)
		close(again)
	}
}

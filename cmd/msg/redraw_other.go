//go:build !unix

package main

import "msg/internal/report"

// redrawn has nothing to do where programs are not stopped.
func redrawn(*report.Report) (end func()) { return func() {} }

//go:build !linux

package main

// flushInput is not done here.
func flushInput(any) {}

//go:build !unix

package main

// continued has nothing to do where programs are not stopped.
func (o *reporter) continued() (end func()) { return func() {} }

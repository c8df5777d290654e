//go:build !linux

package remote

// asks reports true: nothing here tells whether ssh asks.
func asks(int) bool { return true }

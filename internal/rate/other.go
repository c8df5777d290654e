//go:build !linux

package rate

// Dir is nowhere: messages are delivered on Linux only.
const Dir = ""

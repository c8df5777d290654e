// Package window tells whether a stream is a terminal, and how wide its window is.
package window

import (
	"os"

	"golang.org/x/term"
)

// usual is the width of a terminal that does not say its own, in columns.
const usual = 80

// Width returns the columns of the terminal that v is, and 0 if v is none.
func Width(v any) int {
	f, ok := v.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		return usual
	}
	return columns
}

// IsTerminal reports whether v is a terminal.
func IsTerminal(v any) bool { return Width(v) > 0 }

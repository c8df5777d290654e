// Package window tells whether a stream is a terminal and how wide its window is, and shortens
// text to that.
package window

import (
	"os"
	"strings"

	"msg/internal/text"

	"github.com/clipperhouse/uax29/v2/graphemes"
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

const ellipsis = "…"

// Truncate shortens cleaned text of one line to width columns, with an ellipsis at its end. Text
// that fits stays as it is.
func Truncate(s string, width int) string {
	if text.Width(s) <= width {
		return s
	}
	if width < text.Width(ellipsis) {
		return s[:fitting(s, width)]
	}
	return s[:fitting(s, width-text.Width(ellipsis))] + ellipsis
}

// Lines breaks cleaned text of one line for a window of so many columns; 0 is no window. Each row
// but the first is indented: words from outside that begin a row could pose as another line.
func Lines(line string, columns int) string {
	if columns <= 0 || text.Width(line) <= columns {
		return line
	}
	f := text.FrameFor(columns, true)
	rows := f.RowsBehind(strings.Repeat(" ", len(f.Bar)), line)
	rows[0] = rows[0][len(f.Bar):]
	return strings.Join(rows, "\n")
}

// fitting returns how many bytes of s, in whole graphemes, fit into width columns.
func fitting(s string, width int) int {
	end := 0
	for g := graphemes.FromString(s); g.Next(); end += len(g.Value()) {
		if width -= text.Width(g.Value()); width < 0 {
			break
		}
	}
	return end
}

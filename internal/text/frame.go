package text

import "strings"

// Frame is what the rows of a message have in common in a window: how wide they are, and the bar
// in front of those that somebody has written, so that none can pose as a row of ours or as a
// shell's prompt.
type Frame struct {
	Width int    // of a row, in columns, bar included
	Bar   string // "| ", or "|" in the narrowest windows
	ascii bool   // other characters can't be shown
}

// leastColumns is the narrowest window for characters that are not ASCII.
const leastColumns = len("| ") + LeastWidth + 1

// FrameFor returns the frame for a window of so many columns, on a terminal that reads UTF-8 or
// not. The last column stays free: some terminals would begin a row there. In a window of fewer
// than four columns there is no room for that. No window has fewer than two.
func FrameFor(columns int, utf8 bool) Frame {
	if columns < 4 {
		return Frame{Width: 2, Bar: "|", ascii: true}
	}
	return Frame{Width: columns - 1, Bar: "| ", ascii: !utf8 || columns < leastColumns}
}

// Show returns a text as the window can show it.
func (f Frame) Show(s string) string {
	if f.ascii {
		return ASCII(s)
	}
	return s
}

// Rows breaks cleaned text into rows, each behind the bar.
func (f Frame) Rows(cleaned string) []string { return f.RowsBehind(f.Bar, cleaned) }

// RowsBehind is Rows with another bar.
func (f Frame) RowsBehind(bar, cleaned string) (rows []string) {
	for line := range strings.SplitSeq(f.Show(cleaned), "\n") {
		for _, row := range Wrap(line, f.Width-len(bar)) {
			rows = append(rows, bar+row)
		}
	}
	return rows
}

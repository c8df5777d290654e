package text

import (
	"strings"

	"github.com/clipperhouse/displaywidth"
)

// Width returns the columns that s, one line of cleaned text, takes on a
// terminal.
func Width(s string) int {
	if plain(s, false) {
		return len(s)
	}
	width := 0
	for g := displaywidth.StringGraphemes(s); g.Next(); {
		width += graphemeWidth(g.Value(), g.Width())
	}
	return width
}

// graphemeWidth is the most columns that any terminal gives the grapheme.
// Many terminals know no graphemes and draw each character of a joined emoji
// by itself. Were the line measured for the others alone, its end would flow
// over into a row that does not begin with our prefix.
func graphemeWidth(g string, asOne int) int {
	apart := 0
	for _, r := range g {
		apart += displaywidth.Rune(r)
	}
	return max(asOne, apart)
}

// LeastWidth is the narrowest that Wrap wraps to, in columns: a wide character
// with all the marks that it may keep.
const LeastWidth = 2 + maxMarks

// Wrap breaks one line of cleaned text into rows of at most width columns, but
// no less than LeastWidth: after a space where there is one, inside a word where there is
// none, and inside a grapheme only where that alone is wider than a row. The
// spaces at a break are left out.
func Wrap(line string, width int) []string {
	width = max(width, LeastWidth)
	var rows []string
	for {
		end := fitting(line, width)
		if end == len(line) {
			return append(rows, line)
		}
		row, rest := breakAt(line, end)
		if end == 0 {
			row, rest = breakApart(line, width)
		}
		rows = append(rows, row)
		line = rest
	}
}

// fitting returns how many bytes of line, in whole graphemes, fit into width
// columns.
func fitting(line string, width int) int {
	end := 0
	for g := displaywidth.StringGraphemes(line); g.Next(); {
		if width -= graphemeWidth(g.Value(), g.Width()); width < 0 {
			break
		}
		end += len(g.Value())
	}
	return end
}

// breakApart splits a line whose first grapheme is wider than a row, between
// two of its characters. Marks stay with theirs; a joiner that no longer joins
// is left out.
func breakApart(line string, width int) (row, rest string) {
	for i, r := range line {
		attached := isMark(r) || isJoiner(r) || isSelector(r)
		if width -= displaywidth.Rune(r); width < 0 && i > 0 && !attached {
			return strings.TrimRight(line[:i], string(zwj)+string(zwnj)), line[i:]
		}
	}
	return line, ""
}

// breakAt splits line at the last space before end, else at end.
func breakAt(line string, end int) (row, rest string) {
	if line[end] != ' ' {
		space := strings.LastIndexByte(line[:end], ' ')
		if space >= 0 && strings.TrimLeft(line[:space], " ") != "" {
			return strings.TrimRight(line[:space], " "), line[space+1:]
		}
	}
	return strings.TrimRight(line[:end], " "), strings.TrimLeft(line[end:], " ")
}

// Pad fills s with spaces to width columns; a wider one stays as it is.
func Pad(s string, width int) string {
	return s + strings.Repeat(" ", max(0, width-Width(s)))
}

// Truncate shortens s to width columns, the last of them an ellipsis; one
// that fits stays as it is.
func Truncate(s string, width int) string {
	if Width(s) <= width {
		return s
	}
	if width < 2 {
		return strings.Repeat("…", max(0, width))
	}
	return s[:fitting(s, width-1)] + "…"
}

package text

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/displaywidth"
)

// Width returns the columns to allow for s, one line of cleaned text: no fewer than any known
// terminal takes, and so at times more than this one does.
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

// graphemeWidth is the most columns that a terminal gives the grapheme. Many draw each
// character of a joined emoji by itself: a line could flow over into a row without our prefix.
func graphemeWidth(g string, asOne int) int {
	apart := 0
	for _, r := range g {
		apart += runeWidth(r)
	}
	return max(asOne, apart)
}

// runeWidth is the most columns that a terminal gives one character by itself. Unicode leaves
// some of them open, and terminals differ:
//   - the Linux console before 6.16 gives marks and joiners a column of their own;
//   - it has all of U+1F000 to U+1FAFF two columns wide, and tmux U+3248 to U+324F;
//   - terminals set up for East Asia have symbols of ambiguous width two columns wide. Letters,
//     too, but they count as one here: Greek and Russian would fill half of everybody's window.
func runeWidth(r rune) int {
	switch {
	case r < 0x80:
		return 1
	case r >= 0x1f000 && r <= 0x1faff, r >= 0x3248 && r <= 0x324f:
		return 2
	case !unicode.IsLetter(r):
		return max(1, eastAsian.Rune(r))
	}
	return max(1, displaywidth.Rune(r))
}

var eastAsian = displaywidth.Options{EastAsianWidth: true}

// LeastWidth is the narrowest row, in columns: a wide character, its selector, all its marks.
const LeastWidth = 2 + 1 + maxMarks

// Wrap breaks one line of cleaned text into rows of width columns, at least LeastWidth. It
// breaks at spaces, which it drops, else inside a word, and inside a grapheme wider than a row.
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

// fitting returns how many bytes of line, in whole graphemes, fit into width columns.
func fitting(line string, width int) int {
	end := 0
	for g := displaywidth.StringGraphemes(runes(line, width+1)); g.Next(); {
		if width -= graphemeWidth(g.Value(), g.Width()); width < 0 {
			break
		}
		end += len(g.Value())
	}
	return end
}

// runes returns the first n characters of s. No character is narrower than a column, so no more
// of them matter to n columns; and one grapheme may be as long as the whole line.
func runes(s string, n int) string {
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// breakApart splits a line whose first grapheme is wider than a row, between two of its
// characters. Marks stay with theirs. It drops a joiner that no longer joins.
func breakApart(line string, width int) (row, rest string) {
	for i, r := range line {
		attached := isMark(r) || isJoiner(r) || isSelector(r)
		if width -= runeWidth(r); width < 0 && i > 0 && !attached {
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

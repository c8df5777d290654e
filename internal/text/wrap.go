package text

import (
	"strings"
	"unicode"

	"github.com/clipperhouse/uax29/v2/graphemes"
	"golang.org/x/text/width"
)

// Width returns the columns to allow for s, one line of cleaned text: no terminal takes more, and
// many take fewer.
func Width(s string) int {
	if plain(s, false) {
		return len(s)
	}
	width := 0
	for _, r := range s {
		width += runeWidth(r)
	}
	return width
}

// runeWidth is a bound: no terminal gives one character more columns. Terminals differ in most of
// them, by the Unicode version that they know, by what they take for an emoji, and by settings for
// East Asia. So a character counts two columns unless its whole class is drawn in one everywhere.
// testdata/widths has what terminals were measured to do; a row that is one column too long would
// let its end pose as a banner.
func runeWidth(r rune) int {
	switch {
	case r < 0x80, isNarrow(r):
		return 1
	case r == beyyal:
		return 3
	case isJoiner(r):
		return len("<200d>") // vim's terminal shows it so
	}
	return 2
}

// beyyal is an abbreviation, which some terminals measure as the three letters that it stands for
// (unicode-width, a library of terminals that are written in Rust).
const beyyal = '\u17d8'

// isNarrow reports whether r is in a class that no terminal draws in two columns: letters, marks
// and digits, but for deprecated ones, Hangul vowels and final consonants, and those whose
// East_Asian_Width (UAX 11) is wide or ambiguous. Greek and Russian are ambiguous: a terminal may be set up to draw them as wide as
// Chinese.
func isNarrow(r rune) bool {
	if !unicode.In(r, unicode.L, unicode.M, unicode.Nd) || unicode.Is(unicode.Deprecated, r) || isJamoTail(r) {
		return false
	}
	switch width.LookupRune(r).Kind() {
	case width.Neutral, width.EastAsianNarrow, width.EastAsianHalfwidth:
		return true
	}
	return false
}

// usualWidth returns how many columns most terminals give s. Width allows for more.
func usualWidth(s string) (columns int) {
	for _, r := range s {
		switch kind := width.LookupRune(r).Kind(); {
		case isMark(r), isJoiner(r), isSelector(r):
		case kind == width.EastAsianWide, kind == width.EastAsianFullwidth:
			columns += 2
		default:
			columns++
		}
	}
	return columns
}

// LeastWidth is the narrowest row of a text that is not ASCII, in columns: a wide character, its
// selector, all its marks.
const LeastWidth = 2 + 2 + 2*maxMarks

// Wrap breaks one line of cleaned text into rows of width columns, at least LeastWidth unless the
// line is ASCII. It breaks at spaces, which it drops, else inside a word, and inside a grapheme
// wider than a row.
func Wrap(line string, width int) []string {
	least := LeastWidth
	if plain(line, false) {
		least = 1
	}
	width = max(width, least)
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
	for g := graphemes.FromString(runes(line, width+1)); g.Next(); {
		if width -= Width(g.Value()); width < 0 {
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
	end := 0
	for end < len(line) {
		size, columns := withMarks(line[end:])
		if width -= columns; width < 0 && end > 0 {
			break
		}
		end += size
	}
	return strings.TrimRight(line[:end], joiners), strings.TrimLeft(line[end:], joiners)
}

// withMarks measures the first character of a line with what is attached to it.
func withMarks(line string) (size, columns int) {
	for i, r := range line {
		if i > 0 && !isMark(r) && !isSelector(r) {
			return i, columns
		}
		columns += runeWidth(r)
	}
	return len(line), columns
}

const joiners = string(zwj) + string(zwnj)

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

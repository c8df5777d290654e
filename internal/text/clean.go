package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/clipperhouse/uax29/v2/graphemes"
)

const (
	// TabStop is the distance of tab stops in columns, as terminals have it.
	TabStop = 8

	// maxMarks is how many combining marks one base character keeps. Real orthographies need
	// three or four; stacks of dozens are drawn over the lines above and below.
	maxMarks = 4

	// maxJoins is how many zero width joiners one grapheme keeps. A family of four has three.
	maxJoins = 4
)

// Clean makes a message's text, in whatever bytes it came, safe to write to a terminal: valid
// UTF-8 whose only control character is the line feed. It shows everything else that could act:
// C0 and DEL as ^X, C1 and bytes that are not UTF-8 as \x9b, other invisible characters as
// <U+202E>. A tab becomes spaces up to the next TabStop.
//
// Clean(Clean(s)) is Clean(s).
func Clean(s string) string { return clean(s, true) }

// Name makes a name from outside (user, host, process, error text) safe to write to a terminal,
// in one line. It is Clean, but shows line feeds and tabs, too, as ^J and ^I.
func Name(s string) string { return clean(s, false) }

// ASCII shows characters that are not ASCII as <U+00FC>, for terminals that don't read UTF-8.
func ASCII(s string) string {
	if plain(s, true) {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if r < 0x80 {
			out.WriteRune(r)
		} else {
			fmt.Fprintf(&out, "<U+%04X>", r)
		}
	}
	return out.String()
}

func clean(s string, lines bool) string {
	if plain(s, lines) {
		return s
	}
	c := cleaner{lines: lines}
	c.out.Grow(len(s) + len(s)/4)
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		if r == utf8.RuneError && size == 1 {
			c.show(`\x%02x`, s[0])
		} else {
			c.rune(r, s[size:])
		}
		s = s[size:]
	}
	return c.out.String()
}

// plain reports whether s is printable ASCII, which most messages are.
func plain(s string, lines bool) bool {
	for i := range len(s) {
		if (s[i] < 0x20 || s[i] >= 0x7f) && (s[i] != '\n' || !lines) {
			return false
		}
	}
	return true
}

// cleaner holds what has been written and the grapheme that it ends in. It decides only by that
// and by the next character, never by characters that it replaced. So cleaning is idempotent.
type cleaner struct {
	out   strings.Builder
	lines bool // line feed and tab act
	stop  int  // where in out the line or the last tab stop in it begins

	base  rune // the character that marks attach to, 0 for none
	prev  rune // the last character, when it was passed as it is, else 0
	marks int  // combining marks since base
	joins int  // joiners in this grapheme
}

func (c *cleaner) rune(r rune, rest string) {
	switch {
	case r == '\n' && c.lines:
		c.space("\n")
	case r == '\t' && c.lines:
		column := usualWidth(c.out.String()[c.stop:])
		c.space(strings.Repeat(" ", TabStop-column%TabStop))
	case r < 0x20 || r == 0x7f:
		c.show("^%c", r^0x40)
	case r >= 0x80 && r <= 0x9f:
		c.show(`\x%02x`, r)
	case c.passes(r, rest):
		c.pass(r)
	default:
		c.show("<U+%04X>", r)
	}
}

// space writes a line's end or a tab's spaces. Nothing may attach to it.
func (c *cleaner) space(s string) {
	c.out.WriteString(s)
	c.stop = c.out.Len()
	c.base, c.prev = 0, 0
}

// show writes what stands for a character that must not act. Nothing may attach to it.
func (c *cleaner) show(format string, v any) {
	fmt.Fprintf(&c.out, format, v)
	c.base, c.prev = 0, 0
}

func (c *cleaner) pass(r rune) {
	c.out.WriteRune(r)
	switch {
	case isJoiner(r):
		c.joins++
	case isSelector(r):
	case isMark(r):
		c.marks++
	case isSkinTone(r) && isPictograph(c.base):
	case unicode.Is(unicode.Zs, r):
		c.base, c.marks, c.joins = 0, 0, 0
	default:
		if !isJoiner(c.prev) {
			c.joins = 0
		}
		c.base, c.marks = r, 0
	}
	c.prev = r
}

// passes reports whether r may stand as it is where it is.
func (c *cleaner) passes(r rune, rest string) bool {
	switch {
	case isJoiner(r):
		return c.joinerBelongs(r, rest)
	case isSelector(r):
		return c.selectorBelongs(r, rest)
	case !isVisible(r):
		return false
	case isJamoTail(r):
		return unicode.Is(unicode.Hangul, c.base) && c.marks < maxMarks
	case isMark(r):
		return c.base != 0 && c.marks < maxMarks
	}
	return true
}

// joinerBelongs holds for a joiner inside a word of a script that has them (Persian, Hindi, …).
// The zero width joiner may also make one emoji of two pictographs (UAX 29, rule GB11).
func (c *cleaner) joinerBelongs(r rune, rest string) bool {
	next, _ := utf8.DecodeRuneInString(rest)
	if c.prev == 0 || c.joins >= maxJoins || isMark(next) || !isVisible(next) {
		return false
	}
	if r == zwj && isPictograph(c.base) && isPictograph(next) {
		return true
	}
	return unicode.In(c.prev, joining...) && sameScript(c.prev, next)
}

// selectorBelongs holds for a variation selector right behind a character that has variants of
// that kind (Unicode's StandardizedVariants, the emoji variation sequences and the ideographic
// variation database).
func (c *cleaner) selectorBelongs(r rune, rest string) bool {
	if c.base == 0 || c.prev != c.base {
		return false
	}
	switch {
	case r == vs15 || r == vs16:
		keycap := strings.ContainsRune("0123456789#*", c.base) && strings.HasPrefix(rest, "\u20e3")
		return isPictograph(c.base) || keycap
	case r >= 0xe0100:
		return unicode.Is(unicode.Han, c.base)
	case r >= 0xfe00:
		return r <= 0xfe02 && unicode.In(c.base, unicode.Sm, unicode.Han, unicode.Myanmar, unicode.Phags_Pa)
	default:
		return unicode.Is(unicode.Mongolian, c.base)
	}
}

const (
	zwnj = '\u200c'
	zwj  = '\u200d'
	vs15 = '\ufe0e'
	vs16 = '\ufe0f'
)

// joining are the scripts whose words are written with ZWJ and ZWNJ
// (Unicode core specification, section 23.2; RFC 5892, appendix A).
var joining = []*unicode.RangeTable{
	unicode.Arabic, unicode.Syriac, unicode.Mandaic, unicode.Mongolian,
	unicode.Devanagari, unicode.Bengali, unicode.Gurmukhi, unicode.Gujarati,
	unicode.Oriya, unicode.Tamil, unicode.Telugu, unicode.Kannada,
	unicode.Malayalam, unicode.Sinhala, unicode.Khmer, unicode.Myanmar,
}

func sameScript(a, b rune) bool {
	for _, script := range joining {
		if unicode.Is(script, a) {
			return unicode.Is(script, b)
		}
	}
	return false
}

func isJoiner(r rune) bool   { return r == zwnj || r == zwj }
func isSelector(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }
func isMark(r rune) bool     { return unicode.In(r, unicode.M) || isJamoTail(r) }
func isSkinTone(r rune) bool { return r >= 0x1f3fb && r <= 0x1f3ff }

// isJamoTail reports whether r is a Hangul vowel or final consonant, drawn as a mark.
func isJamoTail(r rune) bool {
	return r >= 0x1160 && r <= 0x11ff || r >= 0xd7b0 && r <= 0xd7fb
}

// isVisible reports whether r is assigned and no control, format character, surrogate, private
// character, line separator, or letter or mark that may be invisible (U+3164, U+034F, …).
func isVisible(r rune) bool {
	return unicode.IsOneOf(visible, r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r)
}

var visible = []*unicode.RangeTable{unicode.L, unicode.M, unicode.N, unicode.P, unicode.S, unicode.Zs}

// isPictograph reports whether r may be in a joined emoji (Unicode's Extended_Pictographic).
// The segmentation joins a pictograph, ZWJ and a heart to one grapheme, and nothing else.
func isPictograph(r rune) bool {
	if r < 0xa9 {
		return false
	}
	const andHeart = "\u200d\u2764"
	g := graphemes.FromString(string(r) + andHeart)
	return g.Next() && len(g.Value()) == utf8.RuneLen(r)+len(andHeart)
}

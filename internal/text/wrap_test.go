package text

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestWrap(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		width    int
		want     []string
	}{
		{"empty", "", 10, []string{""}},
		{"fits", "one two", 7, []string{"one two"}},
		{"at a space", "one two three", 8, []string{"one two", "three"}},
		{"exactly at a space", "one two three", 7, []string{"one two", "three"}},
		{"long word", "abcdefghijklmnop", 7, []string{"abcdefg", "hijklmn", "op"}},
		{"indented long word", "  abcdefgh", 7, []string{"  abcde", "fgh"}},
		{"wide letters", "世界世界世", 7, []string{"世界世", "界世"}},
		{"accents stay on their base", strings.Repeat("e\u0301", 7), 7, []string{
			strings.Repeat("e\u0301", 3), strings.Repeat("e\u0301", 3), "e\u0301",
		}},
		{"emoji stays whole", "ab👨\u200d👩\u200d👧", 8, []string{"ab", "👨\u200d👩\u200d👧"}},
		{"grapheme wider than the row", "👨\u200d👩\u200d👧\u200d👦", 7, []string{"👨\u200d👩", "👧\u200d👦"}},
		{"only spaces", strings.Repeat(" ", 9), 7, []string{"", ""}},
		{"too narrow", "abcdefgh", 1, []string{"abcdefg", "h"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := Wrap(tt.in, tt.width); !slices.Equal(got, tt.want) {
				t.Errorf("Wrap(%q, %d)\n got %q\nwant %q", tt.in, tt.width, got, tt.want)
			}
		})
	}
}

func FuzzWrap(f *testing.F) {
	for _, tt := range cleaned {
		f.Add(tt.in, uint8(7))
	}
	f.Fuzz(func(t *testing.T, in string, w uint8) {
		width := max(LeastWidth, int(w))
		line := strings.ReplaceAll(Clean(in), "\n", " ")
		rows := Wrap(line, width)
		for _, row := range rows {
			if Width(row) > width {
				t.Fatalf("%q is %d columns wide, more than %d", row, Width(row), width)
			}
			if padded := Pad(row, width); Width(padded) != width {
				t.Fatalf("%q padded to %d columns is %d", row, width, Width(padded))
			}
		}
		if got, want := letters(strings.Join(rows, "")), letters(line); got != want {
			t.Fatalf("wrapping lost text:\n got %q\nwant %q", got, want)
		}
	})
}

// letters leaves out what a break may leave out.
func letters(s string) string {
	return strings.NewReplacer(" ", "", "\u200c", "", "\u200d", "").Replace(s)
}

// TestWidthIsNoLessThanAnyTerminals has widths from other sources than the code:
// the wide and full-width blocks of Unicode's EastAsianWidth, and what tmux 3.3
// and the Linux console were seen to take. With one character narrower here than
// there, 39 of them and a forged banner behind fill a row.
func TestWidthIsNoLessThanAnyTerminals(t *testing.T) {
	for _, block := range [][2]rune{
		{0x1100, 0x115e},
		{0x231a, 0x231b},
		{0x2e80, 0x303e},
		{0x3041, 0x33ff},
		{0x3400, 0x9fff},
		{0xa000, 0xa4cf},
		{0xac00, 0xd7a3},
		{0xf900, 0xfaff},
		{0xfe30, 0xfe6f},
		{0xff01, 0xff60},
		{0xffe0, 0xffe6},
		{0x1f000, 0x1faff},
		{0x20000, 0x3fffd},
		{0x2460, 0x24e9},
		{0x2500, 0x254b},
		{0x201c, 0x201d},
		{0x2026, 0x2026}, // ambiguous symbols
	} {
		for r := block[0]; r <= block[1]; r++ {
			if Clean(string(r)) == string(r) && Width(string(r)) < 2 {
				t.Errorf("%U is %d columns wide, and terminals give it two", r, Width(string(r)))
			}
		}
	}
	for r := rune(0x80); r < 0x30000; r++ {
		if s := "a" + string(r); Clean(s) == s && Width(s) < 2 {
			t.Errorf("%U is no column wide, and the Linux console gives it one", r)
		}
	}
	for _, s := range []string{"👨\u200d👩\u200d👧", "🇩🇪", "1\ufe0f\u20e3", "❤\ufe0f", "क्षि"} {
		if n := utf8.RuneCountInString(s); Width(s) < n {
			t.Errorf("%q is %d columns wide, and its %d characters have one each at least", s, Width(s), n)
		}
	}
}

// What is worst to wrap within 64 KiB: no space to break at, and graphemes
// without an end.
func BenchmarkWrap(b *testing.B) {
	for name, line := range map[string]string{
		"Latin":    strings.Repeat("ü", 32<<10),
		"Jamo":     strings.Repeat("\u1100", 21<<10),
		"Conjunct": strings.Repeat("क्", 10<<10),
		"Tones":    strings.Repeat("\U0001f3fb", 16<<10),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				Wrap(line, LeastWidth)
			}
		})
	}
}

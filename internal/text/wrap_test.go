package text

import (
	"slices"
	"strings"
	"testing"
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
		{"long word", "abcdefghijklmn", 6, []string{"abcdef", "ghijkl", "mn"}},
		{"indented long word", "  abcdefgh", 6, []string{"  abcd", "efgh"}},
		{"wide letters", "世界世界世", 7, []string{"世界世", "界世"}},
		{"accents stay on their base", strings.Repeat("e\u0301", 7), 6, []string{strings.Repeat("e\u0301", 6), "e\u0301"}},
		{"emoji stays whole", "ab👨\u200d👩\u200d👧", 6, []string{"ab", "👨\u200d👩\u200d👧"}},
		{"grapheme wider than the row", "👨\u200d👩\u200d👧\u200d👦", 6, []string{"👨\u200d👩\u200d👧", "👦"}},
		{"only spaces", strings.Repeat(" ", 9), 6, []string{"", ""}},
		{"too narrow", "abcdefgh", 1, []string{"abcdef", "gh"}},
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
		if short := Truncate(line, width); Width(short) > width {
			t.Fatalf("%q truncated to %d columns is %d", line, width, Width(short))
		}
	})
}

// letters leaves out what a break may leave out.
func letters(s string) string {
	return strings.NewReplacer(" ", "", "\u200c", "", "\u200d", "").Replace(s)
}

// A message of 64 KiB without a space is the worst that may come.
func BenchmarkWrap(b *testing.B) {
	line := strings.Repeat("ü", 32<<10)
	for b.Loop() {
		Wrap(line, 77)
	}
}

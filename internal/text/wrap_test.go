package text

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
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
		{"wide letters", "世界世界世界世", 13, []string{"世界世界世界", "世"}},
		{"accents stay on their base", strings.Repeat("e\u0301", 7), 13, []string{
			strings.Repeat("e\u0301", 4), strings.Repeat("e\u0301", 3),
		}},
		{"letters of ambiguous width", "съешь же ещё", 16, []string{"съешь же", "ещё"}},
		{"emoji stays whole", "abcdef👨\u200d👩\u200d👧", 18, []string{"abcdef", "👨\u200d👩\u200d👧"}},
		{"marks stay on theirs", "👩🏻\u200d❤\ufe0f", 12, []string{"👩🏻", "❤\ufe0f"}},
		{
			"grapheme wider than the row", "👨\u200d👩\u200d👧\u200d👦\u200d👦", 12,
			[]string{"👨\u200d👩", "👧\u200d👦", "👦"},
		},
		{"only spaces", strings.Repeat(" ", 9), 7, []string{"", ""}},
		{"one column", "ab c", 1, []string{"a", "b", "c"}},
		{"no column", "ab", 0, []string{"a", "b"}},
		{"too narrow for other letters", "abcdefghijklmü", 1, []string{"abcdefghijkl", "mü"}},
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

// TestWidthIsABound holds that no terminal takes more columns than Width allows: with one
// character wider there, 39 of them and a forged banner behind fill a row. Each file has what one
// terminal took, as test/widths measured it: the characters that took more than one column, and
// some sequences.
func TestWidthIsABound(t *testing.T) {
	files, err := filepath.Glob("testdata/widths/*")
	if err != nil || len(files) < 46 {
		t.Fatalf("%d terminals: %v", len(files), err)
	}
	exceeding := 0
	for _, file := range files {
		wider := 0
		for s, took := range measured(t, file) {
			if bound := Width(s); bound < took {
				t.Errorf("%s gives %U %d columns, Width %d", filepath.Base(file), []rune(s), took, bound)
				wider++
			}
		}
		if wider > 0 {
			exceeding++
		}
	}
	t.Logf("%d of %d terminals exceed the bound", exceeding, len(files))
}

// measured returns how many columns a terminal took for characters and sequences.
func measured(t *testing.T, file string) map[string]int {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]int{}
	for line := range strings.Lines(string(data)) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		var first, last rune
		var took int
		what, columns, _ := strings.Cut(strings.TrimSpace(line), " ")
		if took, err = strconv.Atoi(columns); err != nil {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		if strings.Contains(what, "+") {
			all[sequence(t, what)] = took
			continue
		}
		if _, err := fmt.Sscanf(what, "%X-%X", &first, &last); err != nil || first > last {
			t.Fatalf("%s: %q: %v", file, line, err)
		}
		for r := first; r <= last; r++ {
			all[string(r)] = took
		}
	}
	if len(all) < 10000 {
		t.Fatalf("%s: %d characters take more than a column", file, len(all))
	}
	return all
}

// sequence reads characters such as 1F468+200D+1F469. Each has to pass Clean there.
func sequence(t *testing.T, what string) string {
	t.Helper()
	var s strings.Builder
	for word := range strings.SplitSeq(what, "+") {
		r, err := strconv.ParseInt(word, 16, 32)
		if err != nil {
			t.Fatalf("%q: %v", what, err)
		}
		s.WriteRune(rune(r))
	}
	if Clean(s.String()) != s.String() {
		t.Fatalf("%q is %q", what, Clean(s.String()))
	}
	return s.String()
}

// TestWidthOfSequences: a terminal may draw each character of a sequence by itself, or the
// whole of it two columns wide.
func TestWidthOfSequences(t *testing.T) {
	for _, s := range []string{"👨\u200d👩\u200d👧", "🇩🇪", "1\ufe0f\u20e3", "❤\ufe0f", "क्षि", "\u2139\ufe0f"} {
		if n := utf8.RuneCountInString(s); Clean(s) != s || Width(s) < max(n, 2) {
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

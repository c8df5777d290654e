package text

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"
)

var cleaned = []struct{ name, in, want string }{
	{"plain", "Lunch at one?\nThe place at the corner.", "Lunch at one?\nThe place at the corner."},
	{"letters", "Grüße, 世界, Ελλάς", "Grüße, 世界, Ελλάς"},
	{"tab", "a\tb\n\tc\nüü\td", "a       b\n        c\nüü      d"},
	{"carriage return", "ok\rMessage from root", "ok^MMessage from root"},
	{"escape", "\x1b[2J\x1b]0;title\a", "^[[2J^[]0;title^G"},
	{"nul and del", "a\x00b\x7f", "a^@b^?"},
	{"raw C1", "\x9b31m", `\x9b31m`},
	{"C1 in UTF-8", "\u009b31m\u0085", `\x9b31m\x85`},
	{"not UTF-8", "caf\xe9 \xff\xfe", `caf\xe9 \xff\xfe`},
	{"overlong and surrogate", "\xc0\x9b\xed\xa0\x80", `\xc0\x9b\xed\xa0\x80`},
	{"bidi", "a\u202eb\u2066c\u2069\u200f", "a<U+202E>b<U+2066>c<U+2069><U+200F>"},
	{"zero width", "a\u200bb\ufeffc\u2060\u00ad", "a<U+200B>b<U+FEFF>c<U+2060><U+00AD>"},
	{"separators", "a\u2028b\u2029", "a<U+2028>b<U+2029>"},
	{"tags", "\U000e0041\U000e007f", "<U+E0041><U+E007F>"},
	{"private use", "\ue000\U0010fffd", "<U+E000><U+10FFFD>"},
	{"unassigned", "\u0378\ufffe", "<U+0378><U+FFFE>"},
	{"invisible letters", "\u3164\u115f\uffa0\u034f", "<U+3164><U+115F><U+FFA0><U+034F>"},
	{"spaces", "a\u00a0b\u3000c", "a\u00a0b\u3000c"},
	{"family", "👨\u200d👩\u200d👧\u200d👦", "👨\u200d👩\u200d👧\u200d👦"},
	{"kiss with skin tones", "👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏻", "👩🏻\u200d❤\ufe0f\u200d💋\u200d👨🏻"},
	{"keycap", "1\ufe0f\u20e3", "1\ufe0f\u20e3"},
	{"joiner in Latin", "pay\u200dpal\u200c", "pay<U+200D>pal<U+200C>"},
	{"joiner at the end", "👨\u200d", "👨<U+200D>"},
	{"joiner chain", strings.Repeat("👨\u200d", 6) + "👨", strings.Repeat("👨\u200d", 4) + "👨<U+200D>👨\u200d👨"},
	{"Persian", "می\u200cخواهم", "می\u200cخواهم"},
	{"Sinhala", "ශ්\u200dරී", "ශ්\u200dරී"},
	{"selector on a letter", "a\ufe0f", "a<U+FE0F>"},
	{"selector twice", "❤\ufe0f\ufe0f", "❤\ufe0f<U+FE0F>"},
	{"ideographic variant", "葛\U000e0100", "葛\U000e0100"},
	{"mark", "e\u0301", "e\u0301"},
	{"many marks", "e" + strings.Repeat("\u0301", 6), "e" + strings.Repeat("\u0301", 4) + "<U+0301><U+0301>"},
	{"mark without a base", "\u0301a \u0301", "<U+0301>a <U+0301>"},
	{"mark behind a shown one", "\x1b\u0301", "^[<U+0301>"},
	{"Hangul in parts", "\u1112\u1161\u11ab", "\u1112\u1161\u11ab"},
	{"Hangul vowel alone", "a\u1161", "a<U+1161>"},
}

func TestClean(t *testing.T) {
	for _, tt := range cleaned {
		t.Run(tt.name, func(t *testing.T) {
			if got := Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q)\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestNameIsOneLine(t *testing.T) {
	if got, want := Name("bob\n$ \t\x1b[A"), "bob^J$ ^I^[[A"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestCleanEveryByte and TestCleanEveryCharacter leave out nothing that a
// table could forget, but for most of the planes that Unicode never assigned.
func TestCleanEveryByte(t *testing.T) {
	for a := range 256 {
		for b := range 256 {
			checkSafe(t, string([]byte{'x', byte(a), byte(b), 'y'}))
		}
	}
}

func TestCleanEveryCharacter(t *testing.T) {
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if r > 0x32000 && (r < 0xe0000 || r > 0xe1000) {
			r += 250
		}
		checkSafe(t, string(r))
		checkSafe(t, "a"+string(r)+"\u0301b")
	}
}

func FuzzClean(f *testing.F) {
	for _, tt := range cleaned {
		f.Add(tt.in)
	}
	f.Fuzz(checkSafe)
}

func checkSafe(t *testing.T, in string) {
	t.Helper()
	out := Clean(in)
	if again := Clean(out); again != out {
		t.Fatalf("Clean(%q) is %q, and cleaned again %q", in, out, again)
	}
	if !utf8.ValidString(out) {
		t.Fatalf("Clean(%q) is not UTF-8: %q", in, out)
	}
	if name := Name(in); strings.ContainsAny(name, "\n\t") || Name(name) != name {
		t.Fatalf("Name(%q) is %q", in, name)
	}
	if shown := ASCII(out); strings.ContainsFunc(shown, func(r rune) bool { return r != '\n' && (r < ' ' || r > '~') }) {
		t.Fatalf("ASCII(%q) is %q", out, shown)
	}
	runes := []rune(out)
	for i, r := range runes {
		if acts(r) || (hides(r) && !inPlace(runes, i)) {
			t.Fatalf("Clean(%q) lets %U through: %q", in, r, out)
		}
	}
}

// acts and hides are written apart from the code's own tables on purpose.
func acts(r rune) bool {
	switch {
	case r == '\n':
		return false
	case r < 0x20, r >= 0x7f && r <= 0x9f:
		return true
	case r == 0x061c, r == 0x200e, r == 0x200f, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x206f:
		return true
	case r == 0x2028, r == 0x2029, r >= 0xfff0 && r <= 0xfffb, r >= 0xe000 && r <= 0xf8ff, r >= 0xf0000:
		return true
	}
	return r >= 0xe0000 && r <= 0xe00ff
}

func hides(r rune) bool {
	switch r {
	case 0x00ad, 0x034f, 0x115f, 0x1160, 0x17b4, 0x17b5, 0x180e, 0x200b, 0x200c, 0x200d, 0x2060, 0x3164, 0xfeff, 0xffa0:
		return true
	}
	return r >= 0xfe00 && r <= 0xfe0f || r >= 0xe0100 && r <= 0xe01ef || r >= 0x180b && r <= 0x180f
}

func inPlace(runes []rune, i int) bool {
	if i == 0 || runes[i-1] <= ' ' {
		return false
	}
	r, before := runes[i], runes[i-1]
	if r != zwj && r != zwnj {
		return isSelector(r) && !hides(before) && before != ' '
	}
	return i+1 < len(runes) && before > 0x7f && runes[i+1] > 0x7f && !unicode.In(runes[i+1], unicode.M, unicode.C)
}

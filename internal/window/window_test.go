package window

import (
	"strings"
	"testing"

	"msg/internal/text"
)

// FuzzTruncate holds that text is as narrow as it has to be, and ends in nothing but an
// ellipsis.
func FuzzTruncate(f *testing.F) {
	for _, s := range []string{"Restart at five?", "e\u0301\u0302", "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\u4f60\u597d", "\x1b[2J\xff\t", ""} {
		f.Add(s, uint8(7))
		f.Add(s, uint8(0))
	}
	f.Fuzz(func(t *testing.T, in string, w uint8) {
		line, width := strings.ReplaceAll(text.Clean(in), "\n", " "), int(w)
		short := Truncate(line, width)
		if text.Width(short) > width {
			t.Fatalf("%q truncated to %d columns is %d", line, width, text.Width(short))
		}
		if fits := text.Width(line) <= width; fits != (short == line) || !strings.HasPrefix(line, strings.TrimSuffix(short, ellipsis)) {
			t.Fatalf("%q truncated to %d columns is %q", line, width, short)
		}
	})
}

// FuzzLines holds that each row fits the window and that no row but the first begins with
// anything but a blank.
func FuzzLines(f *testing.F) {
	f.Add("msg: web1: it says: "+strings.Repeat("\u261d", 30)+"web2: delivered to bob", uint8(80))
	f.Add("sent to bob on pts/3", uint8(2))
	f.Add("", uint8(0))
	f.Fuzz(func(t *testing.T, in string, w uint8) {
		line, width := text.Name(in), int(w)
		whole := Lines(line, width)
		if width == 0 || text.Width(line) <= width {
			if whole != line {
				t.Fatalf("%q in %d columns is %q", line, width, whole)
			}
			return
		}
		rows := strings.Split(whole, "\n")
		for i, row := range rows {
			if text.Width(row) > max(width-1, 2) || i > 0 && !strings.HasPrefix(row, " ") {
				t.Fatalf("%q in %d columns has the row %q", line, width, row)
			}
		}
		squeeze := func(s string) string { return strings.NewReplacer(" ", "", "\u200c", "", "\u200d", "").Replace(s) }
		shown := text.FrameFor(width, true).Show(line)
		if got := squeeze(strings.Join(rows, "")); got != squeeze(shown) {
			t.Fatalf("%q in %d columns lost text: %q", line, width, rows)
		}
	})
}

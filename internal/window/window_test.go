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

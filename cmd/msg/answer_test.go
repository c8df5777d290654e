package main

import (
	"strings"
	"testing"
	"time"

	"msg/internal/answers"
	"msg/internal/message"
	"msg/internal/text"
)

// TestGiven: what who waits has sent is shown to who answers as one line that does nothing.
func TestGiven(t *testing.T) {
	m := answers.Message{Code: "k7m", From: "root@d13\x1b]0;x\a\n", Text: "Restart\x1b[2J\u202e?\nbob on pts/2: ok (1 s)"}
	if got, want := given(m, message.OK, 0), `ok to root@d13^[]0;x^G^J (k7m): Restart^[[2J<U+202E>? …`; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := given(m, message.Reply, 20); got != "reply to root@d13^…" {
		t.Errorf("in 20 columns: %q", got)
	}
}

// FuzzGiven holds that what is said of an answered message is one line of text, no wider than
// the window.
func FuzzGiven(f *testing.F) {
	f.Add("root@d13", "Restart at five?\nOr later?", uint8(40))
	f.Add("\x1b[2J", "\u009b世界\r", uint8(1))
	f.Add("a\n", "", uint8(0))
	f.Fuzz(func(t *testing.T, from, question string, columns uint8) {
		m := answers.Message{Code: "k7m", From: from, At: time.Unix(0, 0), Text: question}
		line := given(m, message.OK, int(columns))
		if text.Name(line) != line || columns > 0 && text.Width(line) > int(columns) || columns == 0 && !strings.Contains(line, "(k7m)") {
			t.Errorf("%q", line)
		}
	})
}

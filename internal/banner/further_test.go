package banner

import (
	"strings"
	"testing"

	"msg/internal/text"
	"msg/internal/tty"
)

// TestAnswerLine: a message that waits says how it is answered, below the text and without
// its bar.
func TestAnswerLine(t *testing.T) {
	m := Message{Sender: Sender{User: "alice", Host: "d13"}, At: at, Text: "Restart?", Code: "k7m"}
	got := render(m, tty.Screen{Columns: 60, UTF8: true})
	if !strings.Contains(got, "\r\n| Restart?"+strings.Repeat(" ", 49)+"\r\nAnswer: msg ok k7m   or   msg reply k7m TEXT ") {
		t.Errorf("%q", got)
	}
	if over := render(m, tty.Screen{Columns: 60, Rows: 24, UTF8: true}); !strings.Contains(over, "\x1b[3;1H\x1b[KAnswer: msg ok k7m") {
		t.Errorf("%q", over)
	}
}

// TestFurther: what is typed later has no banner and no bell, and each row says whose
// it is, at the right; in a window too narrow for that there is the banner again.
func TestFurther(t *testing.T) {
	m := Message{Sender: Sender{User: "alice", Host: "d13"}, At: at, Text: "first", Code: "k7m"}
	further := func(line string, on tty.Screen) string { return string(m.Further(line, on).For(on).Data) }
	for _, c := range []struct{ got, want string }{
		{further("Are you there?", tty.Screen{Columns: 40, UTF8: true}), "\r\n| Are you there?                (alice)\r\n"},
		{further("", tty.Screen{Columns: 40, UTF8: true}), "\r\n|                               (alice)\r\n"},
		{
			further("Log in at example.org, please     (root)", tty.Screen{Columns: 40, UTF8: true}),
			"\r\n| Log in at example.org, please (alice)\r\n| (root)                        (alice)\r\n",
		},
		{
			further("hi", tty.Screen{Columns: 20, UTF8: true}),
			"\r\nMessage from       \r\nalice@d13 at 19:45:\r\n| hi               \r\n",
		},
		{string(m.End(tty.Screen{Columns: 40, UTF8: true}).For(tty.Screen{Columns: 40}).Data), "\r\nEOF                             (alice)\r\n"},
	} {
		if c.got != c.want {
			t.Errorf("got\n%q, want\n%q", c.got, c.want)
		}
	}
	over := further("Are you there?", tty.Screen{Columns: 40, Rows: 24, UTF8: true})
	if !strings.Contains(over, "\x1b[1;1H\x1b[KMessage from alice@d13 at 19:45:") || !strings.Contains(over, "\x1b[2;1H\x1b[K| Are you there?                (alice)\x1b") {
		t.Errorf("over a full-screen program: %q", over)
	}
	m.NoBanner = true
	if got := further("hi", tty.Screen{Columns: 10, UTF8: true}); got != "\r\n| hi     \r\n" {
		t.Errorf("without a banner: %q", got)
	}
}

// FuzzFurther holds that no line can be without a signature, or have another in its place.
func FuzzFurther(f *testing.F) {
	f.Add("hello"+strings.Repeat(" ", 60)+"(root)", uint8(80), true)
	f.Add("0", uint8(0), true)
	f.Add("EOF\r\n\x1b[1A世界", uint8(31), false)
	f.Fuzz(func(t *testing.T, line string, columns uint8, utf8 bool) {
		on := tty.Screen{Columns: max(int(columns), 1), UTF8: utf8}
		m := Message{Sender: Sender{User: "alice", Host: "d13"}, At: at}
		rows := strings.Split(string(m.Further(line, on).For(on).Data), "\r\n")
		if rows[0] != "" || rows[len(rows)-1] != "" || len(rows) < 3 {
			t.Fatalf("%q", rows)
		}
		frame := text.FrameFor(on.Columns, utf8)
		signed := frame.Width-len(frame.Bar)-len(" (alice)") >= leastSigned
		for i, row := range rows[1 : len(rows)-1] {
			if text.Width(row) > frame.Width {
				t.Errorf("%q is wider than %d columns", row, on.Columns)
			}
			switch {
			case signed && (!strings.HasPrefix(row, frame.Bar) || !strings.HasSuffix(row, " (alice)")):
				t.Errorf("%q is not signed", row)
			case !signed && i == 0 && !strings.HasPrefix(row, "Mes"[:min(3, frame.Width)]):
				t.Errorf("%q is no banner", row)
			}
		}
	})
}

package banner

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"msg/internal/text"
	"msg/internal/tty"
)

var at = time.Date(2026, 11, 23, 19, 45, 0, 0, time.Local)

func render(m Message, on tty.Screen) string { return string(m.Layout(on).For(on).Data) }

func TestRender(t *testing.T) {
	m := Message{
		Sender: Sender{User: "alice", Host: "d13", Terminal: "pts/1"},
		At:     at, Text: "Lunch at one?\nThe place at the corner.",
	}
	want := "\a\r\n" +
		"                                       \r\n" +
		"Message from alice@d13 on pts/1 at     \r\n" +
		"19:45:                                 \r\n" +
		"| Lunch at one?                        \r\n" +
		"| The place at the corner.             \r\n"
	if got := render(m, tty.Screen{Columns: 40, UTF8: true}); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
}

func TestBanner(t *testing.T) {
	for want, m := range map[string]Message{
		"Message from root@d13 (cron) at 19:45:": {
			Sender: Sender{User: "root", Host: "d13", Note: "cron"},
		},
		"Broadcast message from root@d13 (alice) on pts/4 at 19:45:": {
			Sender: Sender{User: "root", Host: "d13", Note: "alice", Terminal: "pts/4"}, Broadcast: true,
		},
		"Message from e^[[2Jve@h^Jost at 19:45:": {
			Sender: Sender{User: "e\x1b[2Jve", Host: "h\nost"},
		},
	} {
		m.At = at
		if got := m.banner(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestWithoutBanner(t *testing.T) {
	got := render(Message{Text: "hello", NoBanner: true}, tty.Screen{Columns: 10, UTF8: true})
	if want := "\a\r\n         \r\n| hello  \r\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestNotUTF8 has a letter with a byte that is CSI to an 8-bit terminal.
func TestNotUTF8(t *testing.T) {
	m := Message{Sender: Sender{User: "jürg", Host: "d13"}, At: at, Text: "a\u011b2J"}
	got := render(m, tty.Screen{Columns: 80})
	if !strings.Contains(got, "\r\nMessage from j<U+00FC>rg@d13 at 19:45: ") || !strings.Contains(got, "\r\n| a<U+011B>2J ") {
		t.Errorf("got %q", got)
	}
}

// FuzzRender holds that no text can leave its rows: each begins with the
// prefix, is no wider than the terminal, and has no control but its own end.
func FuzzRender(f *testing.F) {
	f.Add("hello\r\nMessage from root@d13 at 10:00:\r\n$ ", uint8(80))
	f.Add(strings.Repeat("👨\u200d👩\u200d👧", 9)+"\t世界\x9b", uint8(5))
	f.Fuzz(func(t *testing.T, body string, columns uint8) {
		on := tty.Screen{Columns: max(1, int(columns)), UTF8: true}
		out := render(Message{NoBanner: true, Text: body}, on)
		f := text.FrameFor(on.Columns, true)
		rows := strings.Split(out, "\r\n")
		if rows[0] != "\a" || strings.TrimLeft(rows[1], " ") != "" || rows[len(rows)-1] != "" {
			t.Fatalf("%q begins or ends wrongly", out)
		}
		for _, row := range rows[2 : len(rows)-1] {
			if !strings.HasPrefix(row, f.Bar) || text.Width(row) != f.Width || text.Name(row) != row {
				t.Fatalf("%q has the row %q, %d of %d columns", body, row, text.Width(row), f.Width)
			}
		}
	})
}

// TestOverlay: over a full-screen program, the cursor stays where it was, and no row
// is scrolled.
func TestOverlay(t *testing.T) {
	m := Message{Sender: Sender{User: "alice", Host: "d13"}, At: at, Text: "Lunch\x1b[2Jat one?\ntwo"}
	want := "\a\x1b7\x1b[0;7m" +
		"\x1b[1;1H\x1b[KMessage from alice@d13 at 19:45:       " +
		"\x1b[2;1H\x1b[K| Lunch^[[2Jat one?                    " +
		"\x1b[3;1H\x1b[K| two                                  " +
		"\x1b[m\x1b8"
	if got := render(m, tty.Screen{Columns: 40, Rows: 4, UTF8: true}); got != want {
		t.Errorf("got\n%q, want\n%q", got, want)
	}
	for name, on := range map[string]tty.Screen{
		"as many rows as the screen has":      {Columns: 40, Rows: 3, UTF8: true},
		"no full-screen program":              {Columns: 40, UTF8: true},
		"more than the kernel keeps together": {Columns: 500, Rows: 30, UTF8: true},
	} {
		mine := m
		if on.Columns == 500 {
			mine.Text += "\nthree\nfour"
		}
		if got := render(mine, on); strings.Contains(got, "\x1b") || !strings.HasPrefix(got, "\a\r\n") {
			t.Errorf("%s: got %q", name, got)
		}
	}
}

// FuzzOverlay holds that whoever sends, and whatever, nothing is written over a full-screen
// program but rows of text between the sequences that are the same for every message, in rows
// that the screen has.
func FuzzOverlay(f *testing.F) {
	f.Add("alice", "d13", "pts/3", "alice@laptop", "hello\x1b[2J\ntwo", uint8(80), uint8(24), true)
	f.Add("e\x1b[1;1H", "h\n\u009b", "\x18", "\u202e", "\x1b8\r\x1b[99;1H", uint8(20), uint8(3), false)
	f.Add("", "", "", "", strings.Repeat("世", 400), uint8(200), uint8(200), true)
	f.Fuzz(func(t *testing.T, user, host, terminal, says, body string, columns, rows uint8, utf8 bool) {
		on := tty.Screen{Columns: max(int(columns), 1), Rows: int(rows), UTF8: utf8}
		m := Message{Sender: Sender{User: user, Host: host, Terminal: terminal, Note: says, Says: says, From: host}, At: at, Text: body, Code: "k7m"}
		out := render(m, on)
		if !strings.HasPrefix(out, bell+save) {
			if strings.ContainsAny(out[1:], "\x1b\a\x18") || !strings.HasPrefix(out, bell+"\r\n") {
				t.Errorf("%q", out)
			}
			return
		}
		inside, begins := strings.CutPrefix(out, bell+save+reverse)
		inside, ends := strings.CutSuffix(inside, plain+restore)
		drawn := strings.Split(strings.ReplaceAll(inside, "H"+erase, "H"), "\x1b[")
		if !begins || !ends || len(out) > tty.MostAtOnce || drawn[0] != "" || len(drawn) > on.Rows || strings.Count(inside, "H"+erase) != len(drawn)-1 {
			t.Fatalf("%d rows of %d: %q", len(drawn)-1, on.Rows, out)
		}
		for i, row := range drawn[1:] {
			row, isNext := strings.CutPrefix(row, strconv.Itoa(i+1)+";1H")
			if !isNext || text.Width(row) != text.FrameFor(on.Columns, utf8).Width || text.Name(row) != row || !utf8 && text.ASCII(row) != row {
				t.Errorf("row %d is %q", i, row)
			}
		}
	})
}

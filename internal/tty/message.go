package tty

import (
	"bytes"
	"fmt"
	"strings"
	"time"

	"msg/internal/text"
)

// Sender is who sends, in words that are true but for Says, which is marked. All of
// it is cleaned when it is shown.
type Sender struct {
	User     string
	Host     string
	Terminal string // below /dev, or "" without one
	Note     string // shown in parentheses: cron, a unit, who is behind sudo
	Says     string // who the client claims to be; shown as that
	From     string // the host that it has come from, by ssh
}

// String is the sender as the banner names it: alice@d13 on pts/1, or
// deploy@web1 (says alice@laptop, from 10.0.0.5).
func (s Sender) String() string {
	words := text.Name(s.User) + "@" + text.Name(s.Host)
	if s.Note != "" {
		words += " (" + text.Name(s.Note) + ")"
	}
	var client []string
	if s.Says != "" {
		client = append(client, "says "+text.Name(s.Says))
	}
	if s.From != "" {
		client = append(client, "from "+text.Name(s.From))
	}
	if len(client) > 0 {
		words += " (" + strings.Join(client, ", ") + ")"
	}
	if s.Terminal != "" {
		words += " on " + text.Name(s.Terminal)
	}
	return words
}

// Message is what is to be shown.
type Message struct {
	Sender    Sender
	Broadcast bool // it goes to everyone
	At        time.Time
	Text      string // as it came from the sender
	NoBanner  bool
}

// prefix begins every row of the text, so that none can pose as a banner or as
// a shell's prompt.
const prefix = "| "

// Screen is what a message is laid out for.
type Screen struct {
	Columns int // leastColumns or more

	// Rows is how many a full-screen program has; 0 where what is in front
	// writes line after line.
	Rows int

	// UTF8 is false for a console or a serial line in an 8-bit mode, to which
	// parts of other letters would be control characters.
	UTF8 bool
}

// Layout is a message as it is written to screens of one width.
type Layout struct {
	rows    int
	lines   []byte
	overlay []byte // nil where it is too long for that
}

// Layout lays the message out for a screen, whatever its number of rows. Each row is
// padded, so that nothing of what stood there shows through, but for the last column,
// in which some terminals would begin a row of their own.
func (m Message) Layout(on Screen) Layout {
	width := on.Columns - 1
	rows := m.rows(width, on.UTF8)
	layout := Layout{rows: len(rows), lines: lines(append([]string{text.Pad("", width)}, rows...))}
	if data := overlay(rows); len(data) <= mostAtOnce {
		layout.overlay = data
	}
	return layout
}

// For returns the bytes to write to a screen.
func (l Layout) For(on Screen) []byte {
	if l.rows < on.Rows && l.overlay != nil {
		return l.overlay
	}
	return l.lines
}

// mostAtOnce is what the kernel writes to a terminal without another's bytes in
// between, in bytes (tty_write, drivers/tty/tty_io.c).
const mostAtOnce = 2048

// rows are the banner's and the text's, without what ends them.
func (m Message) rows(width int, utf8 bool) []string {
	show := func(s string) string { return s }
	if !utf8 {
		show = text.ASCII
	}
	var rows []string
	if !m.NoBanner {
		rows = text.Wrap(show(m.banner()), width)
	}
	for line := range strings.SplitSeq(show(text.Clean(m.Text)), "\n") {
		for _, row := range text.Wrap(line, width-len(prefix)) {
			rows = append(rows, prefix+row)
		}
	}
	for i := range rows {
		rows[i] = text.Pad(rows[i], width)
	}
	return rows
}

// lines writes below what is there. Each row ends in CR LF, as a program in front may
// have switched off that LF goes to the beginning of a row.
func lines(rows []string) []byte {
	var out strings.Builder
	out.WriteString("\a\r\n") // away from a half typed line, which stays to be seen
	for _, row := range rows {
		out.WriteString(row)
		out.WriteString("\r\n")
	}
	return []byte(out.String())
}

// What an overlay is written with, the same for every message. Terminals have known
// it since the VT100, and each that a full-screen program runs on knows it.
const (
	save    = "\x1b7" // cursor and attributes (DECSC)
	restore = "\x1b8" // DECRC
	reverse = "\x1b[0;7m"
	plain   = "\x1b[m"
	cancel  = "\x18" // ends a sequence that was begun (CAN)
)

// isOverlay reports whether the bytes are an overlay's: lines go on with CR after the bell.
func isOverlay(data []byte) bool { return bytes.HasPrefix(data, []byte("\a"+save)) }

// overlay writes over the uppermost rows of a full-screen program, and leaves its
// cursor where it was: the program goes on in the belief that nothing happened, and
// its next redraw puts right what was covered. Lines from the cursor on would scroll
// its screen, and it would go on drawing in the wrong rows.
func overlay(rows []string) []byte {
	var out strings.Builder
	out.WriteString("\a" + save + reverse)
	for i, row := range rows {
		fmt.Fprintf(&out, "\x1b[%d;1H%s", i+1, row)
	}
	out.WriteString(plain + restore)
	return []byte(out.String())
}

func (m Message) banner() string {
	kind := "Message"
	if m.Broadcast {
		kind = "Broadcast message"
	}
	return kind + " from " + m.Sender.String() + " at " + m.At.Format("15:04") + ":"
}

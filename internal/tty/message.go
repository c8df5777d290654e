package tty

import (
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
}

// String is the sender as the banner names it: alice@d13 on pts/1.
func (s Sender) String() string {
	words := text.Name(s.User) + "@" + text.Name(s.Host)
	if s.Note != "" {
		words += " (" + text.Name(s.Note) + ")"
	}
	if s.Says != "" {
		words += " (says " + text.Name(s.Says) + ")"
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

	// UTF8 is false for a console or a serial line in an 8-bit mode, to which
	// parts of other letters would be control characters.
	UTF8 bool
}

// Render returns the bytes to write to a terminal. Each row is padded, so that
// nothing of what stood there shows through, but for the last column, in which
// some terminals would begin a row of their own; it ends in CR LF, as a program
// in front may have switched off that LF goes to the beginning of a row.
func (m Message) Render(on Screen) []byte {
	width := on.Columns - 1
	show := func(s string) string { return s }
	if !on.UTF8 {
		show = text.ASCII
	}
	rows := []string{""}
	if !m.NoBanner {
		rows = append(rows, text.Wrap(show(m.banner()), width)...)
	}
	for line := range strings.SplitSeq(show(text.Clean(m.Text)), "\n") {
		for _, row := range text.Wrap(line, width-len(prefix)) {
			rows = append(rows, prefix+row)
		}
	}
	var out strings.Builder
	out.Grow(len(rows) * (width + 2))
	out.WriteString("\a\r\n") // away from a half typed line, which stays to be seen
	for _, row := range rows {
		out.WriteString(text.Pad(row, width))
		out.WriteString("\r\n")
	}
	return []byte(out.String())
}

func (m Message) banner() string {
	kind := "Message"
	if m.Broadcast {
		kind = "Broadcast message"
	}
	return kind + " from " + m.Sender.String() + " at " + m.At.Format("15:04") + ":"
}

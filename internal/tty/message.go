package tty

import (
	"strings"
	"time"

	"msg/internal/text"
)

// Sender is who sends, in words that are true. All of it is cleaned when it is
// shown.
type Sender struct {
	User     string
	Host     string
	Terminal string // below /dev, or "" without one
	Note     string // shown in parentheses: cron, a unit, who is behind sudo
}

// String is the sender as the banner names it: alice@d13 on pts/1.
func (s Sender) String() string {
	words := text.Name(s.User) + "@" + text.Name(s.Host)
	if s.Note != "" {
		words += " (" + text.Name(s.Note) + ")"
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

// Render returns the bytes to write to a terminal of that many columns. Each
// row is padded, so that nothing of what stood there shows through, but for
// the last column, in which some terminals would begin a row of their own; it
// ends in CR LF, as a program in front may have switched off that LF goes to
// the beginning of a row.
func (m Message) Render(columns int) []byte {
	width := columns - 1
	rows := []string{""}
	if !m.NoBanner {
		rows = append(rows, text.Wrap(m.banner(), width)...)
	}
	for line := range strings.SplitSeq(text.Clean(m.Text), "\n") {
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

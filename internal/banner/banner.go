// Package banner is how a message looks on a terminal: who sends it, its rows, and how it
// covers a full-screen program.
//
// It cleans all that it shows, whoever sent it. It opens and writes nothing: package tty does.
package banner

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"msg/internal/text"
	"msg/internal/tty"
)

// Sender is who sends. All is true but Says, which is marked. String cleans it.
type Sender struct {
	User     string
	Host     string
	Terminal string // below /dev, or "" without one
	Note     string // shown in parentheses: cron, a unit, the user behind sudo
	Says     string // who the client claims to be
	From     string // the host that it has come from, by ssh
}

// String returns alice@d13 on pts/1, or deploy@web1 (says alice@laptop, from 10.0.0.5).
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
	Code      string // to answer the message with; "" if it does not wait
}

// Layout is a message as it is written to screens of one width.
type Layout struct {
	rows    int
	bar     string
	lines   []byte
	overlay []byte // nil if it is too long for that
}

// Layout lays the message out for a screen, whatever its number of rows. Each row is padded, to
// cover what stood there.
func (m Message) Layout(on tty.Screen) Layout {
	f := text.FrameFor(on.Columns, on.UTF8)
	rows := slices.Concat(m.head(f), f.Rows(text.Clean(m.Text)), m.foot(f))
	pad(rows, f.Width)
	return layout(f, bell+lines(append([]string{text.Pad("", f.Width)}, rows...)), rows)
}

// Further lays out what is typed later. Other output may stand before it, so each row says
// again whose it is, at the right, where no text comes; a narrow window has the banner again.
func (m Message) Further(line string, on tty.Screen) Layout {
	f := text.FrameFor(on.Columns, on.UTF8)
	return m.further(f, f.Bar, text.Clean(line))
}

// End lays out that nothing more will come, in write(1)'s word.
func (m Message) End(on tty.Screen) Layout {
	return m.further(text.FrameFor(on.Columns, on.UTF8), "", "EOF")
}

// leastSigned is the least room for a text beside a signature.
const leastSigned = 20

func (m Message) further(f text.Frame, bar, what string) Layout {
	head := m.head(f)
	sign := m.signature(f)
	beside := f
	beside.Width -= text.Width(sign)
	if beside.Width < len(bar)+leastSigned {
		rows := slices.Concat(head, f.RowsBehind(bar, what))
		pad(rows, f.Width)
		return layout(f, lines(rows), rows)
	}
	rows := beside.RowsBehind(bar, what)
	pad(rows, beside.Width)
	for i := range rows {
		rows[i] += sign
	}
	over := slices.Concat(head, rows)
	pad(over, f.Width)
	return layout(f, lines(rows), over)
}

func (m Message) signature(f text.Frame) string {
	if m.NoBanner {
		return ""
	}
	return " " + f.Show("("+text.Name(m.Sender.User)+")")
}

func layout(f text.Frame, lines string, over []string) Layout {
	l := Layout{rows: len(over), bar: f.Bar, lines: []byte(lines)}
	if data := overlay(over); len(data) <= tty.MostAtOnce {
		l.overlay = data
	}
	return l
}

// For returns what to write to a screen. Half an overlay would misplace the cursor.
func (l Layout) For(on tty.Screen) tty.Output {
	if l.rows < on.Rows && l.overlay != nil {
		return tty.Output{Data: l.overlay, Whole: true, Undo: plain + restore}
	}
	return tty.Output{Data: l.lines, Resume: l.bar}
}

// head returns the banner's rows.
func (m Message) head(f text.Frame) []string {
	if m.NoBanner {
		return nil
	}
	return text.Wrap(f.Show(m.banner()), f.Width)
}

func (m Message) banner() string {
	kind := "Message"
	if m.Broadcast {
		kind = "Broadcast message"
	}
	return kind + " from " + m.Sender.String() + " at " + m.At.Format("15:04") + ":"
}

// foot returns the rows that say how to answer.
func (m Message) foot(f text.Frame) []string {
	if m.Code == "" {
		return nil
	}
	return text.Wrap(fmt.Sprintf("Answer: msg ok %s   or   msg reply %s TEXT", m.Code, m.Code), f.Width)
}

// pad fills rows up with blanks.
func pad(rows []string, width int) {
	for i := range rows {
		rows[i] = text.Pad(rows[i], width)
	}
}

const bell = "\a"

// lines writes below what is there. Rows end in CR LF: LF alone may not go back to the left.
func lines(rows []string) string {
	var out strings.Builder
	out.WriteString("\r\n") // away from a half typed line, which stays to be seen
	for _, row := range rows {
		out.WriteString(row)
		out.WriteString("\r\n")
	}
	return out.String()
}

// What each overlay is written with. All terminals with full-screen programs know it (VT100).
const (
	save    = "\x1b7"  // cursor and attributes (DECSC)
	restore = "\x1b8"  // DECRC
	erase   = "\x1b[K" // the rest of the row (EL): what is shown may be narrower than text.Width has it
	reverse = "\x1b[0;7m"
	plain   = "\x1b[m"
)

// overlay writes over the uppermost rows of a full-screen program, and leaves its cursor where
// it was. The program does not notice, and its next redraw puts right what was covered. Lines
// from the cursor on would scroll its screen, and it would go on drawing in the wrong rows.
func overlay(rows []string) []byte {
	var out strings.Builder
	out.WriteString(bell + save + reverse)
	for i, row := range rows {
		fmt.Fprintf(&out, "\x1b[%d;1H"+erase+"%s", i+1, row)
	}
	out.WriteString(plain + restore)
	return []byte(out.String())
}

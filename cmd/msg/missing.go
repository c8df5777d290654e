package main

import (
	"fmt"
	"strings"
	"time"

	"msg/internal/text"
)

// betweenDrawings is how long the line of who is missing stays as it is at least.
const betweenDrawings = 100 * time.Millisecond

// showMissing says on standard error who is still missing, in a line that is drawn anew
// whenever something has been printed; not while somebody types there.
func (o *reporter) showMissing() {
	w := o.wait
	if w == nil {
		return
	}
	columns := terminalWidth(o.w.stderr)
	switch {
	case o.over || o.quiet || columns == 0,
		!o.settled && !o.progress.ended(),
		o.json && isTerminal(o.w.stdout),
		o.typing != nil && !o.typing.over.Load():
		return
	}
	if wait := betweenDrawings - time.Since(w.drawn); wait > 0 {
		if w.again == nil {
			w.again = time.AfterFunc(wait, o.redraw)
		}
		return
	}
	w.drawn = time.Now()
	line := o.missingLine(columns - 3) // a Ctrl-C shows itself behind it
	fmt.Fprint(o.w.stderr, line)
	w.shown = text.Width(line)
}

// redraw draws the line again when the time has come, or after the program was stopped.
func (o *reporter) redraw() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.hideMissing()
	o.wait.again, o.wait.drawn = nil, time.Time{}
	o.showMissing()
}

// missingLine is "" where nobody is missing.
func (o *reporter) missingLine(columns int) string {
	missing, of := o.wait.missing()
	if len(missing) == 0 {
		return ""
	}
	var line strings.Builder
	fmt.Fprintf(&line, "waiting for %d of %d: ", len(missing), of)
	for i, one := range missing {
		if line.Len() > 4*columns {
			break // no more of them is to be seen
		}
		if i > 0 {
			line.WriteString(", ")
		}
		line.WriteString(one.user)
		if o.hosts != nil {
			line.WriteString("@" + one.host)
		}
	}
	return text.Truncate(line.String(), columns)
}

// hideMissing takes the line off the screen.
func (o *reporter) hideMissing() {
	if o.wait == nil || o.wait.shown == 0 {
		return
	}
	blanks := terminalWidth(o.w.stderr) - 1 // a Ctrl-C has shown itself behind the line
	fmt.Fprint(o.w.stderr, blank(max(blanks, 0)))
	o.wait.shown = 0
}

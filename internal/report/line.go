package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"msg/internal/window"
)

// line is the one status line, on standard error: first how far a message to several hosts
// is, then who has not answered. It is drawn over itself and makes way for all else.
type line struct {
	report   *Report
	progress bool // it is still about hosts
	over     bool
	from     time.Time // when it appears: what is done soon needs no line

	words  string      // on the screen
	looked time.Time   // when it was last asked what to say
	again  *time.Timer // for the next drawing
}

const (
	beforeProgress  = time.Second
	betweenDrawings = 100 * time.Millisecond
	barWidth        = 30
	mostLeft        = 3 // so many hosts still waited for are named
)

// newLine returns a report's line. Without a terminal it is over from the start.
func (r *Report) newLine() *line { return &line{report: r, over: !window.IsTerminal(r.Stderr)} }

// Begin shows how far a message to several hosts is, from soon on, until stop is called.
func (r *Report) Begin() (stop func()) {
	mixed := (r.Verbose || r.JSON) && window.IsTerminal(r.Stdout)
	if r.Quiet || mixed || len(r.Hosts) == 1 || !window.IsTerminal(r.Stderr) {
		return func() {}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.progress, r.line.from = true, time.Now().Add(beforeProgress)
	r.line.update()
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.line.endProgress()
	}
}

// Redraw draws the line anew: a shell has written below it.
func (r *Report) Redraw() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.line.hide()
	r.line.looked = time.Time{}
	r.line.stop()
	r.line.update()
}

// update draws the line if its words have changed, now or when the time has come. Until then
// it does not look: there may be a result for each of thousands of people.
func (l *line) update() {
	if l.over || l.again != nil {
		return
	}
	next := l.looked.Add(betweenDrawings)
	if l.progress && next.Before(l.from) {
		next = l.from
	}
	if wait := time.Until(next); wait > 0 {
		l.again = time.AfterFunc(wait, l.due)
		return
	}
	l.looked = time.Now()
	if words := l.now(); words != l.words {
		l.draw(words)
	}
}

// due is update, when the time has come.
func (l *line) due() {
	l.report.mu.Lock()
	defer l.report.mu.Unlock()
	l.again = nil
	l.update()
}

func (l *line) draw(words string) {
	fmt.Fprint(l.report.Stderr, l.blank()+words) // a Ctrl-C may have shown itself there
	l.words = words
}

// blank overwrites the whole row. What is on it may be narrower or wider than text.Width has it.
func (l *line) blank() string { return "\r" + strings.Repeat(" ", max(l.columns()-1, 0)) + "\r" }

// hide takes the line off the screen.
func (l *line) hide() {
	if l.words == "" {
		return
	}
	// A Ctrl-C has shown itself behind the line.
	fmt.Fprint(l.report.Stderr, l.blank())
	l.words = ""
}

// endProgress says that the line is no longer about hosts.
func (l *line) endProgress() {
	if l.progress {
		l.hide()
		l.stop() // it may have waited for its first time
		l.progress = false
	}
}

// stop forgets the next drawing.
func (l *line) stop() {
	if l.again != nil {
		l.again.Stop()
		l.again = nil
	}
}

// end takes the line off the screen for good.
func (l *line) end() {
	l.hide()
	l.stop()
	l.over = true
}

func (l *line) columns() int { return l.report.errWidth() }

// now is what the line has to say, "" for nothing.
func (l *line) now() string {
	r, columns := l.report, l.columns()
	switch {
	case columns == 0 || r.Quiet:
		return ""
	case l.progress:
		return window.Truncate(r.tally.progress(), max(columns-1, 1)) // the last column stays free: no row begins
	case !r.Waits, r.JSON && window.IsTerminal(r.Stdout), r.typing():
		return ""
	}
	return window.Truncate(r.tally.waitingFor(4*columns), columns-3) // a Ctrl-C shows itself behind it
}

// progress is such as "38 of 40 hosts [=====> ] waiting for web3, web9".
func (t *Tally) progress() string {
	if len(t.left) == 0 {
		return ""
	}
	done := t.hosts - len(t.left)
	filled := barWidth * done / max(1, t.hosts)
	bar := strings.Repeat("=", filled)
	if filled < barWidth {
		bar += ">" + strings.Repeat(" ", barWidth-filled-1)
	}
	words := fmt.Sprintf("%d of %d hosts [%s]", done, t.hosts, bar)
	if len(t.left) <= mostLeft {
		words += " waiting for " + strings.Join(slices.Sorted(maps.Keys(t.left)), ", ")
	}
	return words
}

// waitingFor says who may still answer, in no more than some bytes; "" if nobody may.
func (t *Tally) waitingFor(most int) string {
	missing, of := t.missing()
	if len(missing) == 0 {
		return ""
	}
	var line strings.Builder
	fmt.Fprintf(&line, "waiting for %d of %d: ", len(missing), of)
	for i, one := range missing {
		if line.Len() > most {
			break // nobody sees more of them
		}
		if i > 0 {
			line.WriteString(", ")
		}
		line.WriteString(one.user)
		if t.byHost {
			line.WriteString("@" + one.host)
		}
	}
	return line.String()
}

package report

import (
	"fmt"

	"msg/internal/window"
)

// screen is where a report appears. The status line makes way for all else.
type screen struct {
	Options
	line *line
	err  error // the first of writing to standard output
	last bool  // a row was begun after the last line that is typed
}

func (s *screen) outWidth() int { return window.Width(s.Stdout) }
func (s *screen) errWidth() int { return window.Width(s.Stderr) }

// warn prints a line of the program's on standard error.
func (s *screen) warn(format string, args ...any) {
	s.line.hide()
	line := fmt.Sprintf(s.Program.Name+": "+format, args...)
	fmt.Fprintln(s.Stderr, window.Lines(line, s.errWidth()))
}

// print prints a line on standard output. When nobody can read what becomes of a message
// that stays, it has the sender give up.
func (r *Report) print(line string) {
	if r.toPerson { // what goes elsewhere does not meet the status line
		r.line.hide()
	}
	_, err := fmt.Fprintln(r.Stdout, window.Lines(line, r.outWidth()))
	r.keep(err)
}

func (r *Report) keep(err error) {
	if r.err == nil {
		r.err = err
	}
	if err != nil && r.stays() {
		r.GiveUp()
	}
}

// What is shown of one of several hosts, in rows of a common terminal. A host may have more to
// say than anybody reads. --json has it all.
const (
	mostRows = 10_000
	rowWidth = 80
)

// room counts lines of one host. It reports whether they are to be shown.
func (r *Report) room(host string, lines ...string) bool {
	if r.Hosts == nil {
		return true
	}
	if r.rows[host] >= mostRows {
		return false
	}
	for _, line := range lines {
		r.rows[host] += 1 + len(line)/rowWidth
	}
	return true
}

// away begins a row on a terminal where somebody types, away from what is half typed.
func (r *Report) away() {
	if !r.typing() || !window.IsTerminal(r.Stderr) || r.last {
		return
	}
	r.line.hide()
	fmt.Fprintln(r.Stderr)
	r.last = r.Interrupted() // nothing is typed after that
}

// hint prints a hint once.
func (s *screen) hint(kind, words string) {
	if words != "" && !s.Hinted[kind] {
		s.line.hide()
		fmt.Fprintln(s.Stderr, "hint:", words)
	}
	s.Hinted[kind] = true
}

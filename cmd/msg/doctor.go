package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"msg/internal/text"
)

// Help is shown by msg doctor --help.
func (doctorCmd) Help() string {
	return `Examples:
  msg doctor                         what works here for who asks, and what does not
  sudo msg doctor                    and what only root can see
  msg doctor --json | jq '.[] | select(.status == "problem")'

Exit status: 0 there is no problem, 1 there is one.`
}

// Run looks, and changes nothing.
func (c *doctorCmd) Run(ctx context.Context, w world, status *int) error {
	found, err := examine(ctx, w)
	if err != nil {
		return err
	}
	problems := 0
	for i := range found {
		found[i] = found[i].clean()
		if found[i].Status == problem {
			problems++
		}
	}
	if problems > 0 {
		*status = exitNotReached
	}
	if c.JSON {
		out := json.NewEncoder(w.stdout)
		out.SetEscapeHTML(false) // commands are joined with &&
		return out.Encode(found)
	}
	return printFindings(w.stdout, found, problems, w.engine.UID == 0, terminalWidth(w.stdout))
}

// What a finding means.
const (
	ok      = "ok"
	note    = "note"    // to be known; messages go out all the same
	problem = "problem" // messages do not go out, or are not safe
)

// finding is what came of one check.
type finding struct {
	Check  string `json:"check"`
	Status string `json:"status"`
	Found  string `json:"found"`
	Do     string `json:"do,omitempty"` // a command, or in words
}

// clean makes safe to show what comes from outside: paths, names, errors.
func (f finding) clean() finding {
	f.Found, f.Do = text.Name(f.Found), text.Name(f.Do)
	return f
}

// Columns of the status and of the name of a check.
const (
	statusColumn = 9
	checkColumn  = 10
)

// printFindings shows a line for each finding, wrapped to the window; a width of
// 0 is no window. What to do is on a line of its own that is never broken, so that
// it can be copied.
func printFindings(out io.Writer, found []finding, problems int, root bool, width int) error {
	var lines strings.Builder
	indent := strings.Repeat(" ", statusColumn+checkColumn)
	for _, f := range found {
		rows := []string{f.Found}
		if width > 0 {
			rows = text.Wrap(f.Found, width-len(indent))
		}
		fmt.Fprintf(&lines, "%-*s%-*s%s\n", statusColumn, f.Status, checkColumn, f.Check, rows[0])
		for _, row := range rows[1:] {
			fmt.Fprintf(&lines, "%s%s\n", indent, row)
		}
		if f.Do != "" {
			fmt.Fprintf(&lines, "%sdo: %s\n", indent[:statusColumn], f.Do)
		}
	}
	if problems > 0 {
		lines.WriteString(count(problems, "problem", "problems"))
		if !root {
			lines.WriteString("; what to do is for root")
		}
		lines.WriteString("\n")
	}
	_, err := io.WriteString(out, lines.String())
	return err
}

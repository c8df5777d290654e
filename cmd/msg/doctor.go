package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"msg/internal/client"
	"msg/internal/doctor"
	"msg/internal/report"
	"msg/internal/sessions/logind"
	"msg/internal/text"
	"msg/internal/window"
	"msg/internal/wire"
)

type doctorCmd struct {
	JSON bool `name:"json" help:"Print an array of JSON objects."`
}

// Help is shown by msg doctor --help.
func (doctorCmd) Help() string {
	return `Examples:
  msg doctor                         what works here for you, and what does not
  sudo msg doctor                    and what only root can see
  msg doctor --json | jq '.[] | select(.status == "problem")'

Exit status: 0 there is no problem, 1 there is one.`
}

// Run shows what doctor finds. It changes nothing.
func (c *doctorCmd) Run(ctx context.Context, w world) error {
	found, err := hostOf(w).Examine(ctx)
	if err != nil {
		return err
	}
	problems, status := 0, exitOK
	for i := range found {
		found[i] = found[i].Clean()
		if found[i].Status == doctor.Problem {
			problems++
		}
	}
	if problems > 0 {
		status = exitNotReached
	}
	if c.JSON {
		out := json.NewEncoder(w.stdout)
		out.SetEscapeHTML(false) // commands are joined with &&
		return ended(status, out.Encode(found))
	}
	return ended(status, printFindings(w.stdout, found, problems, w.me.UID == 0, window.Width(w.stdout)))
}

// hostOf returns what doctor looks at: this host, for the user who calls.
func hostOf(w world) doctor.Host {
	host := doctor.Local()
	host.UID, host.UserConfig, host.Standard = w.me.UID, w.userConfig(), []any{w.stdin, w.stdout, w.stderr}
	host.Version, host.System, host.Accounts, host.Logins = version, w.here.System, w.here.Accounts, logind.List
	host.Door, host.Ask, host.Consent = wire.Door, askDoor, w.verdictOn
	return host
}

func askDoor(ctx context.Context) (doctor.Hello, error) {
	hello, err := client.Ask(ctx)
	return doctor.Hello{Version: hello.Version}, err
}

// The widths of the columns for the status and for the name of a check.
const (
	statusColumn = 9
	checkColumn  = 10
)

// printFindings prints a line for each finding, and wraps it to the window. A width of 0
// is no window. It never breaks the line that says what to do: people copy it.
func printFindings(out io.Writer, found []doctor.Finding, problems int, root bool, width int) error {
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
		lines.WriteString(report.Count(problems, "problem", "problems"))
		if !root {
			lines.WriteString("; what to do is for root")
		}
		lines.WriteString("\n")
	}
	_, err := io.WriteString(out, lines.String())
	return err
}

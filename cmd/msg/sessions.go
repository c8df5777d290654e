package main

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/table"
	"msg/internal/target"
)

// Help is shown by msg sessions --help.
func (sessionsCmd) Help() string {
	return `Examples:
  msg sessions                       everyone
  msg sessions %ops                  the members of ops
  msg sessions -a                    every terminal, those within others too
  msg sessions --json | jq '.[].user'`
}

// Run shows who is logged in.
func (c *sessionsCmd) Run(ctx context.Context, w world, status *int) error {
	picture, err := w.engine.Picture(ctx)
	if err != nil {
		return err
	}
	if c.Verbose {
		for _, problem := range picture.Problems {
			w.complain(problem)
		}
	}
	rows, err := c.rows(ctx, w, picture, status)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(rows)
	}
	if len(rows) == 0 {
		if c.Targets == "" {
			w.warn("nobody is logged in")
		}
		return nil
	}
	return table.Print(w.stdout, tableOf(rows, c.All, w.engine.Now()), terminalWidth(w.stdout))
}

// rows are where the people look whom the targets mean, everyone where there is
// none; with --all-terminals, every terminal of theirs. A target that is nobody is
// told, as send tells it.
func (c *sessionsCmd) rows(ctx context.Context, w world, p sessions.Picture, status *int) ([]row, error) {
	request := message.Request{Targets: []target.Target{{Kind: target.Everyone}}}
	if c.Targets != "" {
		var err error
		if request.Targets, err = targets(w, c.Targets, false); err != nil {
			return nil, err
		}
	}
	engine := *w.engine
	engine.Self.Terminal = 0 // unlike a message, the list does not leave oneself out
	chosen, err := engine.Choose(ctx, engine.Sender, p, request)
	if err != nil {
		return nil, err
	}
	out := (&sendCmd{}).reporter(w, nil, false)
	for _, failed := range chosen.Failed {
		if failed.Reason != message.NoTerminal {
			out.result(failed)
			*status = exitNotReached
		}
	}
	list := newList(p, chosen.Places, w.engine.Now())
	if c.All {
		request.AllTerminals = true
		every, err := engine.Choose(ctx, engine.Sender, p, request)
		if err != nil {
			return nil, err
		}
		list.addAll(every.Places)
	}
	if c.Targets == "" {
		return list.rows(p.Sessions), nil
	}
	return list.rows(chosen.Sessions), nil
}

func tableOf(rows []row, all bool, now time.Time) []table.Column {
	columns := []table.Column{
		{Cells: []string{"USER"}, Least: 8},
		{Cells: []string{"TERMINAL"}},
		{Cells: []string{"SESSION"}, Spare: 4},
		{Cells: []string{"FROM"}, Least: 8, Spare: 1},
		{Cells: []string{"SINCE"}, Spare: 3},
		{Cells: []string{"IDLE"}, Spare: 2},
		{Cells: []string{"MESSAGES"}},
		{Cells: []string{"WHAT"}, Least: 6},
	}
	if all {
		columns = append(columns, table.Column{Cells: []string{"PLACE"}})
	}
	for _, r := range rows {
		messages, idle := "", ""
		if r.Terminal != "" {
			messages, idle = onOff(*r.Messages), span(time.Duration(*r.IdleS)*time.Second)
		}
		what := r.What
		if r.Detached {
			what += " (detached)"
		}
		cells := []string{
			r.User, strings.Repeat("  ", r.depth) + r.Terminal, r.Session, r.Host, clock(r.Since, now), idle, messages, what, yesNo(r.Place),
		}
		for i := range columns {
			columns[i].Cells = append(columns[i].Cells, dash(cells[i]))
		}
	}
	return columns
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func onOff(on bool) string {
	if on {
		return "on"
	}
	return "off"
}

// clock writes a time of today as 15:04, another as its date.
func clock(t, now time.Time) string {
	switch {
	case t.IsZero():
		return ""
	case t.Local().Format(time.DateOnly) == now.Format(time.DateOnly):
		return t.Local().Format("15:04")
	case now.Sub(t) < 300*24*time.Hour:
		return t.Local().Format("Jan 02")
	}
	return t.Local().Format(time.DateOnly)
}

// span writes a duration in its largest unit.
func span(d time.Duration) string {
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	}
	return fmt.Sprintf("%dd", int(d.Hours()/24))
}

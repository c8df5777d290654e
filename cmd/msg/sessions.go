package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/sessions"
	"msg/internal/table"
	"msg/internal/target"
	"msg/internal/window"
)

type sessionsCmd struct {
	Targets word `arg:"" optional:"" help:"Whom to show; everyone where it is left out." completion-predictor:"targets"`
	All     bool `name:"all-terminals" short:"a" help:"Show every terminal, below the one that shows it, and not only where people look."`
	Verbose bool `short:"v" help:"Say why messages are on or off, and which sources could not be read."`
	JSON    bool `name:"json" help:"Print an array of JSON objects."`
}

// Help is shown by msg sessions --help.
func (sessionsCmd) Help() string {
	return `Examples:
  msg sessions                       everyone
  msg sessions %ops                  the members of ops
  msg sessions -a                    every terminal, those within others too
  msg sessions --json | jq '.[].user'`
}

// Run shows who is logged in.
func (c *sessionsCmd) Run(ctx context.Context, w world) error {
	picture, err := w.here.Picture(ctx)
	if err != nil {
		return err
	}
	if c.Verbose {
		for _, problem := range picture.Problems {
			w.complain(problem)
		}
	}
	rows, status, err := c.rows(ctx, w, picture)
	if err != nil {
		return err
	}
	switch {
	case c.JSON:
		err = json.NewEncoder(w.stdout).Encode(rows)
	case len(rows) > 0:
		err = table.Print(w.stdout, tableOf(rows, c.All, c.Verbose, w.here.Now()), window.Width(w.stdout))
	case c.Targets == "" && status == exitOK:
		w.warn("nobody is logged in")
	}
	return ended(status, err)
}

// rows are where the people look whom the targets mean, everyone if there are none; with
// --all-terminals, every terminal of theirs. It tells of a target that is nobody as send does.
func (c *sessionsCmd) rows(ctx context.Context, w world, p sessions.Picture) (_ []row, status int, err error) {
	request := message.Request{Targets: []target.Target{{Kind: target.Everyone}}}
	if c.Targets != "" {
		if request.Targets, err = w.names().Targets(string(c.Targets), false); err != nil {
			return nil, 0, err
		}
	}
	me := w.me
	me.Self.Terminal = 0 // unlike a message, the list does not leave its user out
	chosen, err := w.here.Choose(ctx, me, p, request)
	if err != nil {
		return nil, 0, err
	}
	out := report.New(w.report(nil))
	for _, failed := range chosen.Failed {
		if failed.Reason != message.NoTerminal {
			out.Result(failed)
			status = exitNotReached
		}
	}
	if slices.ContainsFunc(chosen.Places, func(p delivery.Place) bool { return p.Anonymous }) {
		w.complain(hinted{errors.New(p.Blind), delivery.FromOutside})
		status = exitNotReached
	}
	list := newList(p, chosen.Places, w.here.Now(), w.judge(ctx, p))
	if c.All {
		request.AllTerminals = true
		every, err := w.here.Choose(ctx, me, p, request)
		if err != nil {
			return nil, 0, err
		}
		list.addAll(every.Places)
	}
	if c.Targets == "" {
		return list.rows(p.Sessions), status, nil
	}
	return list.rows(chosen.Sessions), status, nil
}

// mostIndented limits the indentation of terminals within others: with a hundred, a user would
// leave no room for the rest of everybody's rows.
const mostIndented = 4

func tableOf(rows []row, all, why bool, now time.Time) []table.Column {
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
			if why {
				messages += " (" + string(r.Why) + ")"
			}
		}
		what := r.What
		if r.Detached {
			what += " (detached)"
		}
		cells := []string{
			r.User, strings.Repeat("  ", min(r.depth, mostIndented)) + r.Terminal, r.Session, r.Host, clock(r.Since, now), idle, messages, what, yesNo(r.Place),
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

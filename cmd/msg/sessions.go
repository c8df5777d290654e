package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"msg/internal/delivery"
	"msg/internal/sessions"
	"msg/internal/text"
)

// Help is shown by msg sessions --help.
func (sessionsCmd) Help() string {
	return `Examples:
  msg sessions                       everyone
  msg sessions %ops                  the members of ops
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
			complain(w.stderr, problem)
		}
	}
	if c.Targets != "" {
		if picture, err = c.only(ctx, w, picture, status); err != nil {
			return err
		}
	}
	rows := rowsOf(picture, c.Targets != "", w.engine.Now())
	if c.JSON {
		return json.NewEncoder(w.stdout).Encode(rows)
	}
	if len(rows) == 0 {
		if c.Targets == "" {
			fmt.Fprintln(w.stderr, "msg: nobody is logged in")
		}
		return nil
	}
	return printTable(w.stdout, tableOf(rows, w.engine.Now()), terminalWidth(w.stdout))
}

// only keeps what the targets mean; a target that is nobody is told, as send
// tells it.
func (c *sessionsCmd) only(ctx context.Context, w world, p sessions.Picture, status *int) (sessions.Picture, error) {
	wanted, err := targets(c.Targets)
	if err != nil {
		return p, err
	}
	engine := *w.engine
	engine.Self.Terminal = 0 // unlike a message, the list does not leave oneself out
	chosen, err := engine.Choose(ctx, p, wanted, nil)
	if err != nil {
		return p, err
	}
	out := (&sendCmd{}).reporter(w)
	for _, failed := range chosen.Failed {
		if failed.Reason != delivery.NoTerminal {
			out.result(failed)
			*status = exitNotReached
		}
	}
	return sessions.Picture{Terminals: chosen.Terminals, Sessions: chosen.Sessions}, nil
}

// row is one terminal, or one session without a terminal, as --json shows it.
type row struct {
	User     string            `json:"user"`
	UID      uint32            `json:"uid"`
	Terminal string            `json:"terminal,omitempty"`
	Session  string            `json:"session,omitempty"`
	Host     string            `json:"host,omitempty"`
	Since    time.Time         `json:"since,omitzero"`
	IdleS    *int64            `json:"idle_s,omitempty"`
	Messages *bool             `json:"messages,omitempty"`
	What     string            `json:"what,omitempty"`
	Place    bool              `json:"place"`
	Sources  []sessions.Source `json:"sources"`
}

// rowsOf cleans what comes from outside. Terminals at which nobody is are left
// out, but for named ones.
func rowsOf(p sessions.Picture, named bool, now time.Time) []row {
	rows := []row{}
	for _, t := range p.Terminals {
		if !t.InUse() && !named {
			continue
		}
		idle := max(0, int64(now.Sub(t.LastInput).Seconds()))
		messages := t.Messages
		rows = append(rows, row{
			User: text.Name(t.User), UID: t.Owner, Terminal: t.Name, Session: text.Name(t.Session),
			Host: text.Name(t.Host), Since: t.Since.Truncate(time.Second), IdleS: &idle,
			Messages: &messages, What: text.Name(t.What), Place: t.InUse(), Sources: t.Sources,
		})
	}
	for _, s := range p.Sessions {
		rows = append(rows, row{
			User: text.Name(s.User), UID: s.UID, Session: text.Name(s.ID), Host: text.Name(s.Host),
			Since:   s.Since.Truncate(time.Second),
			Sources: []sessions.Source{sessions.Logind},
		})
	}
	return rows
}

func tableOf(rows []row, now time.Time) []column {
	table := []column{
		{cells: []string{"USER"}, least: 8},
		{cells: []string{"TERMINAL"}},
		{cells: []string{"SESSION"}, spare: 4},
		{cells: []string{"FROM"}, least: 8, spare: 1},
		{cells: []string{"SINCE"}, spare: 3},
		{cells: []string{"IDLE"}, spare: 2},
		{cells: []string{"MESSAGES"}},
		{cells: []string{"WHAT"}, least: 6},
	}
	for _, r := range rows {
		messages, idle := "", ""
		if r.Terminal != "" {
			messages, idle = onOff(*r.Messages), span(time.Duration(*r.IdleS)*time.Second)
		}
		cells := []string{r.User, r.Terminal, r.Session, r.Host, clock(r.Since, now), idle, messages, r.What}
		for i := range table {
			table[i].cells = append(table[i].cells, dash(cells[i]))
		}
	}
	return table
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
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

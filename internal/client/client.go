// Package client takes a message from what a user asked for to its results: what targets and
// hosts stand for (Names), which way each host gets its part (this host's Door, or ssh), one
// message or several of them (Dispatch), and what is typed line by line (Typing).
//
// It has the rights of the user who runs it, and no others. It prints nothing but what a
// report.Report shows.
package client

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"msg/internal/addressbook"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/remote"
	"msg/internal/report"
	"msg/internal/target"
)

// Client sends for one user from this host.
type Client struct {
	Here  delivery.Host
	Me    delivery.Sender
	Door  message.Send // this host's way
	Names *Names

	// MayAsk says that ssh may ask the user at their terminal, where a message goes to one
	// host alone.
	MayAsk bool
}

// Message is what to send, to whom and how, without its text.
type Message struct {
	Targets, Except string          // lists of targets
	Server, Domain  string          // hosts of the targets that name none: a list, a domain's name
	FanOut          int             // hosts at once; 0 is the usual number
	Push            bool            // send msgd along
	Options         message.Request // all else
}

// mostFanOut is what one machine can be asked for: each host is a process, with pipes.
const mostFanOut = 1000

// Dispatch is a message on its way: what each host gets, and by which way.
type Dispatch struct {
	Parts []remote.Part
	Away  bool // the sender named hosts

	door   message.Send
	fanOut remote.FanOut
}

// Hosts returns the hosts of a message that names some, else nil.
func (d *Dispatch) Hosts() []string {
	if !d.Away {
		return nil
	}
	hosts := make([]string, len(d.Parts))
	for i, p := range d.Parts {
		hosts[i] = p.Host
	}
	return hosts
}

// Request returns a message with its targets, before they are parted by hosts. Their files
// are read, and their aliases expanded.
func (c *Client) Request(m Message) (message.Request, error) {
	if m.FanOut < 0 || m.FanOut > mostFanOut {
		return message.Request{}, &message.Refusal{Problem: fmt.Sprintf("--fanout: %d hosts at once; 1 to %d will do", m.FanOut, mostFanOut)}
	}
	r := m.Options
	var err error
	if r.Targets, err = c.Names.Targets(m.Targets, false); err != nil || m.Except == "" {
		return r, err
	}
	if r.Except, err = c.Names.Targets(m.Except, true); err != nil {
		return r, fmt.Errorf("--except: %w", err)
	}
	return r, nil
}

// Dispatch finds out what each host gets and by which way, and sends nothing. It may run a
// domain's command and ssh, which ctx ends.
func (c *Client) Dispatch(ctx context.Context, m Message, r message.Request) (*Dispatch, error) {
	parts, away, err := c.parts(ctx, m, r)
	if err != nil {
		return nil, err
	}
	d := &Dispatch{Parts: parts, Away: away, door: c.Door, fanOut: remote.Usual}
	if m.FanOut != 0 {
		d.fanOut = remote.FanOut{Hosts: m.FanOut, Via: m.FanOut}
	}
	if away {
		err = c.ways(ctx, m, parts)
	}
	return d, err
}

// NamesHosts reports whether a request or its flags name hosts.
func (m Message) NamesHosts(r message.Request) bool {
	return m.Server != "" || m.Domain != "" ||
		slices.ContainsFunc(slices.Concat(r.Targets, r.Except), func(t target.Target) bool { return t.Hosts != "" })
}

// usualHosts are the hosts of targets that name none, as a list of hosts.
func (m Message) usualHosts() (string, error) {
	list := m.Server
	if m.Domain != "" {
		if !addressbook.IsDomain(m.Domain) {
			return "", &message.Refusal{Problem: fmt.Sprintf("%q is no domain's name", m.Domain), Hint: "--server takes lists of hosts"}
		}
		if list != "" {
			list += ","
		}
		list += "@" + m.Domain
	}
	return list, nil
}

// mostStaying is how many hosts a message may stay at: each has an ssh at work.
const mostStaying = 1000

// Send sends a text, by this host's door alone or to each host by its way. Its error says
// that nothing was sent.
func (d *Dispatch) Send(ctx context.Context, text string, lines *message.Lines, out *report.Report) error {
	parts := d.with(func(r *message.Request) { r.Text, r.Typed = text, lines != nil })
	if !d.Away {
		return d.door(ctx, parts[0].Request, lines, out.Result)
	}
	if err := message.CheckText(text); err != nil {
		return err
	}
	if parts[0].Request.Stays() && len(parts) > mostStaying {
		return &message.Refusal{Problem: fmt.Sprintf("%d hosts; answers of %d at most can be waited for", len(parts), mostStaying)}
	}
	debug.SetGCPercent(often)
	stop := out.Begin()
	defer stop()
	d.fanOut.Send(ctx, parts, lines, out.Result)
	return nil
}

// often is Go's own pace of collecting garbage (GOGC in package runtime), for a message that
// takes its time anyway.
const often = 100

// with returns the parts with their requests changed.
func (d *Dispatch) with(change func(*message.Request)) []remote.Part {
	parts := slices.Clone(d.Parts)
	for i := range parts {
		change(&parts[i].Request)
	}
	return parts
}

// Reaches returns whom this host's part would reach, and all results of a dry run.
func (d *Dispatch) Reaches(ctx context.Context) (reached, all []message.Result, err error) {
	r := d.Parts[0].Request
	r.Text, r.DryRun, r.Typed = ToBeTyped, true, false
	err = d.door(ctx, r, nil, func(result message.Result) {
		all = append(all, result)
		if result.Event == message.Planned {
			reached = append(reached, result)
		}
	})
	return reached, all, err
}

// ToBeTyped stands for a text that is not there yet.
const ToBeTyped = "(to be typed)"

// ToEveryone reports whether a message goes to everyone on this host, without exception.
func (d *Dispatch) ToEveryone(here string) bool {
	return slices.ContainsFunc(d.Parts, func(p remote.Part) bool {
		everyone := func(t target.Target) bool { return t.Kind == target.Everyone }
		return p.Host == here && len(p.Request.Except) == 0 && slices.ContainsFunc(p.Request.Targets, everyone)
	})
}

// patience is how long a terminal may take: less than until the next message, which tells the
// same, and better.
func patience(ctx context.Context, most time.Duration) time.Duration {
	if most == 0 {
		most = message.Patience
	}
	if next, ok := ctx.Deadline(); ok {
		most = min(most, time.Until(next)*9/10)
	}
	return max(most, time.Millisecond)
}

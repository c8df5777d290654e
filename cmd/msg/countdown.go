package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"msg/internal/client"
	"msg/internal/countdown"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/text"
	"msg/internal/window"
)

type countdownCmd struct {
	Until    string `required:"" short:"u" placeholder:"TIME" help:"When it is: 22:00, '2026-12-24 22:00', or +10m from now."`
	At       string `placeholder:"TIMES" help:"When to send again, as times before the end: 60m,30m,10m (default: those of 24h, 12h, 3h, 60m, 30m, 10m, 5m and 1m that are to come)."`
	NoCancel bool   `help:"Do not send that it is cancelled when the countdown is ended by Ctrl-C or SIGTERM."`
	NoNotice bool   `help:"Leave no notice for those who log in later, as root's countdown to everyone does."`
	sending

	Time duration `short:"t" placeholder:"DURATION" help:"How long a terminal may take for the message (default 5s)."`
}

// Help is shown by msg countdown --help.
func (countdownCmd) Help() string {
	return `Examples:
  msg countdown --until 22:00 '*' "Reboot for the new kernel."
                                     now, and again as ten o'clock comes nearer
  msg countdown -u +10m --at 5m,1m,0 %ops "Switching over."
                                     now, and 5, 1 and 0 minutes before the end
  msg countdown -u '2026-12-24 18:00' -s 'web[01-40]' '*' "Power is cut."
                                     to everyone on forty hosts
  msg countdown -N -u 22:00 '*' test
                                     when that would be sent, and to whom; sends nothing
  systemd-run --collect --unit=reboot-warning msg countdown -u 22:00 '*' "Reboot."
                                     without a terminal; "systemctl stop reboot-warning" cancels it
  echo "msg countdown -u 22:00 '*' 'Reboot.'" | at 21:00
                                     from nine o'clock on

Each message ends with how long it still is, such as "in 10 minutes, at 22:00". The
command ends at that time. Ctrl-C, SIGTERM or SIGHUP end it before, and send that it is
cancelled.

Exit status: 0 everyone was reached each time, 1 somebody was not, 2 the command line or the message is wrong and nothing was sent, 130 cancelled.`
}

// Validate has kong refuse a countdown to no time, or to nobody.
func (countdownCmd) Validate(ctx *kong.Context) error {
	for _, flag := range ctx.Selected().Flags {
		if flag.Required && !flag.Set {
			return wrong(`msg countdown --until 22:00 '*' "Reboot for the new kernel."`, "--%s TIME, which says when it is, is missing", flag.Name)
		}
	}
	return noTarget(ctx)
}

// Run sends now and at each point, and ends when the time has come.
func (c *countdownCmd) Run(ctx context.Context, w world) error {
	count, err := c.begin(ctx, w)
	if err != nil {
		return nothingSent(err)
	}
	if c.DryRun {
		return count.plan(ctx)
	}
	return count.run(ctx)
}

// nothingSent makes an error one of those with exit status 2: status 1 would say that the
// time has come and somebody was not reached.
func nothingSent(err error) error {
	var status exit
	if errors.As(err, &status) {
		return err
	}
	return client.Refused(err)
}

// counting is a countdown at work.
type counting struct {
	*client.Series
	w     world
	asked *countdownCmd

	end    countdown.End
	points []time.Duration
	text   string

	sent bool  // the first message has gone out
	err  error // what kept it from that
	over bool  // it was in vain, and so would be the others
}

// begin puts together what is sent, to whom and when.
func (c *countdownCmd) begin(ctx context.Context, w world) (*counting, error) {
	end, points, err := c.times(w.here.Now())
	if err != nil {
		return nil, err
	}
	o := c.outgoing(c.Time)
	d, err := o.dispatch(ctx, w.client())
	if err != nil {
		return nil, err
	}
	text, err := o.text.read(w)
	if err != nil {
		return nil, err
	}
	if err := checkLength(w, text); err != nil {
		return nil, err
	}
	return &counting{
		Series: client.NewSeries(d, w.here.Name, o.report(w, d.Hosts())), w: w,
		asked: c, end: end, points: points, text: strings.TrimRight(text, "\n"),
	}, nil
}

// wordsLength is more than the words need that a message ends with. All of them are to fit:
// nobody should hear of a time and not that it is cancelled.
const wordsLength = 128

func checkLength(w world, text string) error {
	most := message.MaxBytes
	if w.me.UID == 0 {
		most = message.MaxBytesRoot
	}
	if len(text) > most-wordsLength {
		return wrong("", "the message is longer than %d bytes, and a countdown has words to add", most-wordsLength)
	}
	return message.CheckText(text)
}

func (c *countdownCmd) times(now time.Time) (end countdown.End, points []time.Duration, err error) {
	if end, err = countdown.Parse(c.Until, now); err != nil {
		return end, nil, wrong("", "--until: %v", err)
	}
	if c.At == "" {
		return end, countdown.Usual(end.Left()), nil
	}
	if points, err = countdown.Points(c.At); err != nil {
		err = wrong("", "--at: %v", err)
	}
	return end, points, err
}

// run counts down. Whatever keeps the first message from going out ends it.
func (c *counting) run(ctx context.Context) error {
	signals, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	context.AfterFunc(signals, func() { // a second signal ends it at once
		signal.Ignore(syscall.SIGHUP) // but this one comes right behind another when a session ends
		stop()
	})
	notice := c.leaveNotice(ctx)
	defer notice.remove()
	c.announce()
	goesOn, giveUp := context.WithCancel(signals)
	defer giveUp()
	err := countdown.Run(goesOn, c.end, c.points, func(ctx context.Context, left time.Duration) {
		if c.warn(ctx, left); c.err != nil || c.over {
			giveUp()
		}
	})
	notice.remove()
	switch {
	case c.err != nil:
		return nothingSent(c.err)
	case err == nil, c.over:
		return ended(c.Total())
	case signals.Err() == nil: // there is no timer, and so no more messages
		c.w.complain(err)
	}
	c.cancel(ctx)
	_, err = c.Total()
	return ended(report.Interrupted, err)
}

// warn sends what there is to say when so much time is left.
func (c *counting) warn(ctx context.Context, left time.Duration) {
	words := c.end.Words(left, c.Away)
	c.heading(pointReached, left, words)
	err := c.Send(ctx, c.text+"\n"+words)
	switch {
	case err == nil:
		c.over = !c.sent && c.InVain()
		c.sent = true
	case !c.sent:
		c.err = err
	default: // the next one may go out again
		c.Failed(err)
	}
}

// cancel sends that it is cancelled.
func (c *counting) cancel(ctx context.Context) {
	if c.asked.NoCancel || !c.sent || c.end.Left() <= 0 {
		return
	}
	if window.IsTerminal(c.w.stderr) && !c.asked.Quiet {
		fmt.Fprintln(c.w.stderr) // a Ctrl-C has shown itself
	}
	words := "cancelled; it was to be " + c.end.Clock(c.Away)
	c.heading(cancelled, c.end.Left(), words)
	if err := c.Send(ctx, c.text+"\n"+words); err != nil {
		c.Failed(err)
	}
}

// plan shows what would be sent when, and to whom now.
func (c *counting) plan(ctx context.Context) error {
	left := c.end.Left()
	for _, point := range append([]time.Duration{left}, c.points...) {
		if point <= left {
			c.heading(pointReached, point, c.end.Words(point, c.Away))
		}
	}
	if err := c.Send(ctx, c.text); err != nil {
		return err
	}
	return ended(c.Total())
}

// The events of a countdown, which --json prints before the results of each message.
const (
	pointReached message.Event = "point"
	cancelled    message.Event = "cancelled"
)

// point is what is sent, and when.
type point struct {
	Event message.Event `json:"event"`
	LeftS int           `json:"left_s"` // seconds that are left
	Until time.Time     `json:"until"`
	Words string        `json:"words"` // that the message ends with
}

// heading says which message the results belong to that follow.
func (c *counting) heading(event message.Event, left time.Duration, words string) {
	until := c.end.Time()
	switch {
	case c.asked.JSON:
		c.PrintObject(point{event, int(left.Round(time.Second).Seconds()), until.Round(time.Second), words})
	case c.asked.Quiet:
	case c.asked.Verbose, c.asked.DryRun, window.IsTerminal(c.w.stdout):
		c.Print(onClock(until.Add(-left)) + "  " + words)
	}
}

// onClock is a time in a list of them: 21:50:00, or Fri 27 Nov 21:50:00.
func onClock(t time.Time) string {
	layout := time.TimeOnly
	if t.Format(time.DateOnly) != time.Now().Format(time.DateOnly) {
		layout = "Mon 2 Jan " + layout
	}
	return t.Format(layout)
}

// announce tells the user at the terminal what is to come.
func (c *counting) announce() {
	columns := window.Width(c.w.stderr)
	if c.asked.Quiet || columns == 0 {
		return
	}
	var times []string
	for _, point := range c.points {
		if point < c.end.Left() {
			times = append(times, strings.TrimSuffix(onClock(c.end.Time().Add(-point)), ":00"))
		}
	}
	words := "sends now"
	if len(times) > 0 {
		words += " and at " + strings.Join(times, ", ")
	}
	ends := "cancels"
	if c.asked.NoCancel {
		ends = "ends"
	}
	for _, row := range text.Wrap(fmt.Sprintf("msg: %s; Ctrl-C %s it", words, ends), columns-1) {
		fmt.Fprintln(c.w.stderr, row)
	}
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"msg/internal/countdown"
	"msg/internal/message"
	"msg/internal/text"
)

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

// Run sends now and at each point, and ends when the time has come.
func (c *countdownCmd) Run(ctx context.Context, w world, status *int) error {
	count, err := c.begin(ctx, w)
	switch {
	case errors.Is(err, errInterrupted):
		*status = exitInterrupted
		return nil
	case err != nil:
		return nothingSent(err)
	case c.DryRun:
		*status, err = count.plan(ctx)
	default:
		*status, err = count.run(ctx)
	}
	return err
}

// nothingSent makes an error one of those with exit status 2: 1 would say that the time has
// come and somebody was not reached.
func nothingSent(err error) error {
	var refused *message.Refusal
	if errors.As(err, &refused) {
		return err
	}
	return &message.Refusal{Problem: err.Error()}
}

// counting is a countdown at work.
type counting struct {
	*series
	asked  *countdownCmd
	end    countdown.End
	points []time.Duration
	text   string

	sent bool  // the first message has gone out
	err  error // what kept it from that
	over bool  // it was in vain, and so would be the others
}

// begin puts together what is sent, to whom and when.
func (c *countdownCmd) begin(ctx context.Context, w world) (*counting, error) {
	end, points, err := c.times(w.engine.Now())
	if err != nil {
		return nil, err
	}
	flags := &sendCmd{sending: c.sending, Time: c.Time}
	request, err := flags.request(w)
	if err != nil {
		return nil, err
	}
	parts, away, err := flags.expanded(ctx, w, request)
	if err != nil {
		return nil, err
	}
	if away {
		if err := flags.ways(ctx, w, parts); err != nil {
			return nil, err
		}
	}
	text, err := flags.text(w)
	if err != nil {
		return nil, err
	}
	if err := checkLength(w, text); err != nil {
		return nil, err
	}
	return &counting{
		series: newSeries(w, flags, parts, away),
		asked:  c, end: end, points: points, text: strings.TrimRight(text, "\n"),
	}, nil
}

// wordsLength is more than the words need that a message ends with; all of them are to fit,
// since nobody should hear of a time and not that it is cancelled.
const wordsLength = 128

func checkLength(w world, text string) error {
	most := message.MaxBytes
	if w.engine.UID == 0 {
		most = message.MaxBytesRoot
	}
	if len(text) > most-wordsLength {
		return &message.Refusal{Problem: fmt.Sprintf("the message is longer than %d bytes, and a countdown has words to add", most-wordsLength)}
	}
	return message.CheckText(text)
}

func (c *countdownCmd) times(now time.Time) (end countdown.End, points []time.Duration, err error) {
	if end, err = countdown.Parse(c.Until, now); err != nil {
		return end, nil, &message.Refusal{Problem: "--until: " + err.Error()}
	}
	if c.At == "" {
		return end, countdown.Usual(end.Left()), nil
	}
	if points, err = countdown.Points(c.At); err != nil {
		err = &message.Refusal{Problem: "--at: " + err.Error()}
	}
	return end, points, err
}

// run counts down. Whatever keeps the first message from going out ends it.
func (c *counting) run(ctx context.Context) (status int, err error) {
	signals, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	context.AfterFunc(signals, func() { // a second signal ends it at once
		signal.Ignore(syscall.SIGHUP) // but this comes right behind another when a session is ended
		stop()
	})
	notice := c.leaveNotice(ctx)
	defer notice.remove()
	c.announce()
	goesOn, giveUp := context.WithCancel(signals)
	defer giveUp()
	err = countdown.Run(goesOn, c.end, c.points, func(ctx context.Context, left time.Duration) {
		if c.warn(ctx, left); c.err != nil || c.over {
			giveUp()
		}
	})
	notice.remove()
	switch {
	case c.err != nil:
		return exitUsage, nothingSent(c.err)
	case err == nil, c.over:
		return c.total()
	case signals.Err() == nil: // there is no timer, and so there will be no more messages
		c.w.complain(err)
	}
	c.cancel(ctx)
	_, err = c.total()
	return exitInterrupted, err
}

// warn sends what there is to say when so much time is left.
func (c *counting) warn(ctx context.Context, left time.Duration) {
	words := c.end.Words(left, c.away)
	c.heading(pointReached, left, words)
	err := c.send(ctx, c.text+"\n"+words)
	switch {
	case err == nil:
		c.over = !c.sent && c.inVain
		c.sent = true
	case !c.sent:
		c.err = err
	default: // the next one may go out again
		c.failed(err)
	}
}

// cancel sends that it is cancelled.
func (c *counting) cancel(ctx context.Context) {
	if c.asked.NoCancel || !c.sent || c.end.Left() <= 0 {
		return
	}
	if isTerminal(c.w.stderr) && !c.flags.Quiet {
		fmt.Fprintln(c.w.stderr) // a Ctrl-C has shown itself
	}
	words := "cancelled; it was to be " + c.end.Clock(c.away)
	c.heading(cancelled, c.end.Left(), words)
	if err := c.send(ctx, c.text+"\n"+words); err != nil {
		c.failed(err)
	}
}

// plan shows what would be sent when, and to whom now.
func (c *counting) plan(ctx context.Context) (status int, err error) {
	left := c.end.Left()
	for _, point := range append([]time.Duration{left}, c.points...) {
		if point <= left {
			c.heading(pointReached, point, c.end.Words(point, c.away))
		}
	}
	if err := c.send(ctx, c.text); err != nil {
		return statusOf(err), err
	}
	return c.total()
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
	case c.flags.JSON:
		c.print(point{event, int(left.Round(time.Second).Seconds()), until.Round(time.Second), words})
	case c.flags.Quiet:
	case c.flags.Verbose, c.flags.DryRun, isTerminal(c.w.stdout):
		c.print(onClock(until.Add(-left)) + "  " + words)
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

// announce tells who sits at the terminal what is to come.
func (c *counting) announce() {
	columns := terminalWidth(c.w.stderr)
	if c.flags.Quiet || columns == 0 {
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

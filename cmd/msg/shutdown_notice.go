package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"

	"msg/internal/client"
	"msg/internal/countdown"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/sessions/logind"
	"msg/internal/shutdown"
	"msg/internal/target"
)

type shutdownCmd struct {
	Verbose bool `short:"v" help:"Say where each warning went."`
}

// Help is shown by msg shutdown-notice --help.
func (shutdownCmd) Help() string {
	return `Examples:
  systemctl enable --now msg-shutdown.path
                                     from then on, systemd runs it when a shutdown is scheduled
  shutdown -r +30 "New kernel"       everyone is warned now, and as the time comes nearer
  shutdown -c                        and hears that it is cancelled

Those whose terminals logind itself writes to are left to it, so that nobody is warned
twice. The command ends when the shutdown is cancelled.`
}

// warnings are the points of a shutdown: the usual ones, and the end itself, which is the
// last that a terminal shows.
func warnings(left time.Duration) []time.Duration { return append(countdown.Usual(left), 0) }

// Run counts down to what is scheduled, and ends when nothing is any more.
func (c *shutdownCmd) Run(ctx context.Context, w world) error {
	if w.me.UID != 0 {
		return wrong("as root, \"systemctl enable --now msg-shutdown.path\" has systemd do it", "only root may warn of a shutdown")
	}
	ctx, stop := signal.NotifyContext(ctx, interrupts()...)
	defer stop()
	warner, err := c.warner(ctx, w)
	if err != nil {
		return err
	}
	for {
		scheduled, err := shutdown.Read(shutdown.File)
		switch {
		case ctx.Err() != nil: // the system goes down, or somebody has stopped the service
			return nil
		case errors.Is(err, fs.ErrNotExist):
			warner.cancelled(ctx)
			return nil
		case err != nil:
			return err
		}
		warner.count(ctx, scheduled)
	}
}

// shutdownWarner tells everyone of shutdowns.
type shutdownWarner struct {
	*client.Series
	w     world
	seen  *shutdown.Scheduled // the last one
	spare bool                // logind is just warning those whom it reaches
}

func (c *shutdownCmd) warner(ctx context.Context, w world) (*shutdownWarner, error) {
	n := &shutdownWarner{w: w}
	sender := w.client()
	sender.Door = client.Root(w.here, w.me, func(p sessions.Picture) []string { return n.leftToLogind(ctx, p) })
	o := outgoing{verbose: c.Verbose}
	everyone := message.Request{Targets: []target.Target{{Kind: target.Everyone}}}
	d, err := sender.Dispatch(ctx, o.Message, everyone)
	if err != nil {
		return nil, err
	}
	n.Series = client.NewSeries(d, w.here.Name, o.report(w, nil))
	return n, nil
}

// count counts down to a shutdown, until another is scheduled or none is.
func (n *shutdownWarner) count(ctx context.Context, s shutdown.Scheduled) {
	n.seen = &s
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() {
		s.Changed(ctx, shutdown.File)
		cancel()
	}()
	defer func() { <-ctx.Done() }()
	end := countdown.At(s.At)
	if s.Silent || end.Left() <= 0 { // or it has failed, and who was there has heard of it
		return
	}
	notice := leaveNotice(ctx, n.w, said(s, end.When(false)), s.At)
	defer notice.remove()
	first := true
	err := countdown.Run(ctx, end, warnings(end.Left()), func(ctx context.Context, left time.Duration) {
		n.spare, first = logindWarns(left, first), false
		n.tell(ctx, said(s, end.Words(max(left, 0), false)))
	})
	if err != nil && ctx.Err() == nil {
		n.w.complain(err)
	}
}

// cancelled tells those who have heard of a shutdown that there will be none.
func (n *shutdownWarner) cancelled(ctx context.Context) {
	switch s := n.seen; {
	case s == nil:
		n.w.warn("no shutdown is scheduled")
	case s.Silent, !time.Now().Before(s.At), goesDown(ctx), hushed(ctx):
	default:
		n.spare = true // logind tells at once
		n.tell(ctx, "The shutdown that was to be "+countdown.At(s.At).Clock(false)+" is cancelled.")
	}
}

// goesDown reports whether the file is gone because the system goes down, now and not when it
// was to.
func goesDown(ctx context.Context) bool {
	does, err := logind.GoesDown(ctx)
	return err == nil && does
}

// hushed reports whether nobody is to hear of it: shutdown -c --no-wall.
func hushed(ctx context.Context) bool {
	warns, err := logind.Warns(ctx)
	return err == nil && !warns
}

func (n *shutdownWarner) tell(ctx context.Context, words string) {
	if err := n.Send(ctx, words); err != nil {
		n.w.complain(err)
	}
}

// modes are what logind calls the ways to end, in words.
var modes = map[string]string{
	"reboot": "reboot", "poweroff": "power off", "halt": "halt",
	"kexec": "reboot into another kernel", "soft-reboot": "restart all but the kernel",
}

// said is what is said of a shutdown: its message, and what will be, with the words for when.
func said(s shutdown.Scheduled, when string) string {
	what := modes[s.Mode]
	if what == "" {
		what = "shut down (" + s.Mode + ")"
	}
	words := fmt.Sprintf("The system will %s %s.", what, when)
	if own := cut(strings.TrimSpace(s.Message)); own != "" {
		words = own + "\n" + words
	}
	return words
}

// cut is as much of a message as a user could send: too long a one is to keep nobody from
// being warned.
func cut(words string) string {
	const more = " …"
	if lines := strings.SplitAfterN(words, "\n", message.MaxLines); len(lines) == message.MaxLines {
		words = strings.Join(lines[:message.MaxLines-1], "") + more
	}
	if most := message.MaxBytes - 1<<10; len(words) > most {
		words = strings.ToValidUTF8(words[:most], "") + more
	}
	return words
}

// soon is the time left in which logind warns as soon as a shutdown is scheduled.
const soon = 15 * time.Minute

// logindWarns reports whether logind has a warning of its own when so much time is left: of
// our points, at those of the last minutes and at full hours down to the third, but not at an
// hour and half an hour (when_wall in systemd's src/login/logind-utmp.c, later logind-wall.c).
func logindWarns(left time.Duration, first bool) bool {
	full := left.Round(time.Minute)%time.Hour == 0 && left > 2*time.Hour
	return left < soon || !first && full
}

// leftToLogind are the terminals of the people whom logind warns itself, when it does.
func (n *shutdownWarner) leftToLogind(ctx context.Context, p sessions.Picture) []string {
	if !n.spare {
		return nil
	}
	_, utmp := os.Stat(n.w.here.System.Utmp)
	register, err := logind.Walls(ctx, utmp == nil)
	if err != nil {
		return nil // rather twice than not at all
	}
	var logins []sessions.Session
	if register == sessions.Logind {
		logins, err = logind.List(ctx)
	}
	if err != nil {
		return nil
	}
	return walled(p, register, logins, n.seen.From)
}

// walled are the terminals of the screens that logind writes its warnings to: those that the
// register knows, but not that where the shutdown was scheduled.
func walled(p sessions.Picture, register sessions.Source, logins []sessions.Session, from string) []string {
	ofLogin := map[string]bool{}
	for _, s := range logins {
		ofLogin[s.Terminal] = true
	}
	forest := p.Forest()
	screens := map[string]bool{}
	for i := range p.Terminals {
		t := &p.Terminals[i]
		written := register == sessions.Utmp && slices.Contains(t.Sources, sessions.Utmp) || register == sessions.Logind && ofLogin[t.Name]
		if written && t.Name != from {
			maps.Copy(screens, forest.Above(t.Name))
		}
	}
	return slices.Collect(maps.Keys(screens))
}

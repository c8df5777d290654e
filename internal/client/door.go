package client

import (
	"context"

	"msg/internal/config"
	"msg/internal/delivery"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/report"
	"msg/internal/sessions"
)

// Door returns the way for a sender's messages to the terminals of this host. Root delivers
// in this process, anybody else through the helper; without a helper they reach their own
// terminals.
func Door(here delivery.Host, me delivery.Sender) message.Send {
	if me.UID == 0 {
		return Root(here, me, nil)
	}
	if path := Find(); path != "" {
		return throughHelper{here, me, path}.Send
	}
	return ownTerminals{here, me}.Send
}

// Root returns root's way: it delivers in this process, and leaves an entry in the log as the
// helper does. spare names terminals whose people have the message from elsewhere; it may be
// nil.
func Root(here delivery.Host, me delivery.Sender, spare func(sessions.Picture) []string) message.Send {
	return func(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
		system, err := config.Load(config.Path)
		if err != nil {
			system = config.Default() // it holds for others; msg doctor finds it
		}
		rules := delivery.Unlimited()
		rules.Log = func(record delivery.Logged) {
			// A log that takes nothing keeps no message from going out.
			_ = journal.Local().Write(record.Entry(system.Journal.Text))
		}
		if spare != nil {
			rules.Spare = spare
		}
		return delivery.Engine{Host: here, Sender: me, Rules: rules}.Send(ctx, r, lines, tell)
	}
}

// ownTerminals is the way without a helper.
type ownTerminals struct {
	here delivery.Host
	me   delivery.Sender
}

// Send delivers to the caller's own terminals, and says of the others what is missing.
func (d ownTerminals) Send(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
	if r.Wait {
		return &message.Refusal{Problem: "msg-helper, which waits for answers, is not installed", Hint: report.NoHelper}
	}
	engine := delivery.Engine{Host: d.here, Sender: d.me, Rules: delivery.Unlimited()}
	return engine.Send(ctx, r, lines, func(result message.Result) {
		tell(without(result, "msg-helper, which may write there, is not installed"))
	})
}

// without says of a terminal that only the helper could have written to it.
func without(r message.Result, why string) message.Result {
	if r.Reason == message.Denied && r.Terminal != "" {
		r.Reason, r.Detail = message.NoHelper, why
	}
	return r
}

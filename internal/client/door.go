package client

import (
	"context"

	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/delivery"
	"msg/internal/journal"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/target"
	"msg/internal/wire"
)

// Door returns the way for a sender's messages to the terminals of this host. Root delivers in
// a child process, anybody else by msgd. Without msgd they reach their own terminals.
func Door(here delivery.Host, me delivery.Sender) message.Send {
	if me.Root {
		return Root(here, me, nil)
	}
	return throughDoor{here, me, wire.Door}.Send
}

// Root returns root's way: it delivers in a child of this process, and leaves an entry in the log as
// msgd does. Terminals that the child may not open (it lacks a capability, or SELinux forbids it)
// get the message by msgd. So do all of them if this process can't see who is on them. spare names
// terminals whose people have the message from elsewhere;
// it may be nil.
func Root(here delivery.Host, me delivery.Sender, spare func(sessions.Picture) []string) message.Send {
	own := inChild(here, me, spare, ownProcess(here, me, spare))
	return func(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
		switch {
		case !Listens():
			return own(ctx, r, lines, tell)
		case !mayOpenAll(), here.System.Confined() != "":
			return throughDoor{here, me, wire.Door}.Send(ctx, r, lines, tell)
		case r.Stays():
			return own(ctx, r, lines, tell) // one code for all, and one keyboard
		}
		return rest{throughDoor{here, me, wire.Door}.Send, tell}.send(ctx, own, r)
	}
}

func ownProcess(here delivery.Host, me delivery.Sender, spare func(sessions.Picture) []string) message.Send {
	return func(ctx context.Context, r message.Request, lines *message.Lines, tell func(message.Result)) error {
		log, err := journal.Local().Open() // before all else, which may need descriptors
		if err != nil {
			return delivery.NotLogged(err)
		}
		defer log.Close()
		system, err := config.Load(config.Path)
		if err != nil {
			system = config.Default() // it holds for others; msg doctor finds it
		}
		rules := delivery.Unlimited()
		rules.Log = delivery.ToLog(log, system.Journal.Text)
		rules.Everywhere, rules.Unsaid = consent.Store{Dir: consent.Dir}.ToRoot, system.Messages.Unsaid
		if spare != nil {
			rules.Spare = spare
		}
		return delivery.Engine{Host: here, Sender: me, Rules: rules}.Send(ctx, r, lines, tell)
	}
}

// rest has another way deliver to the terminals that the first may not open.
type rest struct {
	by   message.Send
	tell func(message.Result)
}

// send delivers by first, and then, in one request, what that was not allowed to.
func (d rest) send(ctx context.Context, first message.Send, r message.Request) error {
	denied, told := map[string]message.Result{}, map[string]bool{}
	err := first(ctx, r, nil, func(result message.Result) {
		if result.Event == message.Failed && result.Terminal != "" && result.Reason == message.Denied {
			denied[result.Terminal] = result
			return
		}
		told[result.Terminal] = true
		d.tell(result)
	})
	if err != nil || len(denied) == 0 {
		return err
	}
	for name := range told {
		if name != "" {
			r.Except = append(r.Except[:len(r.Except):len(r.Except)], target.Target{Kind: target.Terminal, Name: name})
		}
	}
	err = d.by(ctx, r, nil, func(result message.Result) {
		if result.Terminal == "" || told[result.Terminal] {
			return // the first has told it
		}
		if result.Event != message.Waiting {
			told[result.Terminal] = true
			delete(denied, result.Terminal)
		}
		d.tell(result)
	})
	for _, result := range denied {
		if err != nil {
			result.Detail += "; by msgd: " + err.Error()
		}
		d.tell(result)
	}
	return nil
}

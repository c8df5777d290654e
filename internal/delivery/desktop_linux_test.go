package delivery

import (
	"os"
	"testing"

	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty/ttytest"
)

// TestDesktop: a virtual console turns out to show a desktop when it is opened. Its
// owner is on no terminal, unless they are reached on another one; where they named
// it, it gets the message.
func TestDesktop(t *testing.T) {
	console, term := ttytest.OpenConsole(t), ttytest.Open(t)
	console.SetGraphics(t, true)
	uid := uint32(os.Getuid())
	desktop := &sessions.Terminal{Name: console.Name, Device: console.Device, Owner: uid, User: "bob"}
	text := &sessions.Terminal{Name: term.Name, Device: term.Device, Owner: uid, User: "bob"}
	place := func(t *sessions.Terminal) Place { return Place{Place: sessions.Place{Terminal: t}} }
	for name, c := range map[string]struct {
		places        []Place
		dry           bool
		event         message.Event
		reason        message.Reason
		sent, entries int // events of the terminal, and what is logged
	}{
		"alone":         {places: []Place{place(desktop)}, event: message.Failed, reason: message.NoTerminal},
		"and elsewhere": {places: []Place{place(desktop), place(text)}, sent: 1, entries: 1},
		"a dry run":     {places: []Place{place(desktop), place(text)}, dry: true, sent: 1, entries: 1},
		"named":         {places: []Place{{Place: sessions.Place{Terminal: desktop}, Named: true}}, event: message.Delivered, entries: 1},
	} {
		e := Engine{Host: Host{Name: "here", System: sessions.System{Dev: "/dev"}}, Sender: Sender{Root: true}, Rules: Unlimited()}
		var first []message.Result
		e.Rules.Log = func(l Logged) error { first = l.(Record).Results; return nil }
		var results []message.Result
		d := dispatchOf(e, message.Request{Text: "hello", DryRun: c.dry}, c.places, func(r message.Result) { results = append(results, r) })
		if err := d.carry(t.Context(), ticket{}); err != nil {
			t.Error(err)
		}
		d.finish(t.Context())
		sent := 0
		var of message.Result
		for _, r := range results {
			if r.Terminal == term.Name {
				sent++
			} else {
				of = r
			}
		}
		if of.Event != c.event || of.Reason != c.reason || sent != c.sent || len(results) != sent+min(1, len(c.event)) {
			t.Errorf("%s: %+v", name, results)
		}
		if !c.dry && len(first) != c.entries {
			t.Errorf("%s: logged %+v", name, first)
		}
	}
}

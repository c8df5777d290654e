package delivery_test

import (
	"os"
	"testing"

	"msg/internal/consent"
	"msg/internal/delivery"
	"msg/internal/message"
	"msg/internal/tty/ttytest"
)

// mode sets a terminal's mode.
func mode(t *testing.T, term *ttytest.Terminal, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(term.Path, mode); err != nil {
		t.Fatal(err)
	}
}

// user is an engine whose sender is no root, in a process that may open everything.
func user() *delivery.Engine {
	e := engine()
	e.Sender.Root, e.Sender.UID = false, 4242
	return e
}

// bornOn reports whether terminals of this machine begin with messages on.
func bornOn(t *testing.T, term *ttytest.Terminal) bool {
	t.Helper()
	picture, err := engine().Host.Picture(t.Context())
	if err != nil || picture.Find(term.Name) == nil {
		t.Fatalf("%s is not to be found: %v", term.Name, err)
	}
	return picture.Find(term.Name).BornOn
}

// TestConsent: a terminal about which nothing was said takes messages where the system has it
// so; a no on it, and one for all of its owner's, keep them away; root overrides, if not polite.
func TestConsent(t *testing.T) {
	const no, plain, yes = os.ModeSticky | 0o600, os.FileMode(0o600), os.FileMode(0o620)
	for name, c := range map[string]struct {
		mode   os.FileMode
		word   consent.Answer
		unsaid bool
		on     bool
	}{
		"unsaid":         {plain, consent.Unsaid, true, true},
		"unsaid is off":  {plain, consent.Unsaid, false, false},
		"yes":            {yes, consent.Unsaid, false, true},
		"no":             {no, consent.Unsaid, true, false},
		"yes everywhere": {plain, consent.Yes, false, true},
		"no everywhere":  {yes, consent.No, true, false},
		"unclear":        {yes, consent.Unclear, true, false},
		"no, and yes":    {no, consent.Yes, true, false},
	} {
		term := person(t)
		mode(t, term, c.mode)
		if bornOn(t, term) && c.mode == plain {
			c.on = false // somebody has switched it off
		}
		if os.Getuid() == 0 && c.mode == plain && c.word == consent.Unsaid {
			c.on = false // a terminal of root's takes a yes
		}
		rules := func(e *delivery.Engine) *delivery.Engine {
			e.Rules.Unsaid, e.Rules.Everywhere = c.unsaid, func(uint32) consent.Answer { return c.word }
			return e
		}
		polite := request(t, term.Name, "hello")
		polite.Polite = true
		for what, results := range map[string][]message.Result{
			"user":   send(t, rules(user()), request(t, term.Name, "hello")),
			"polite": send(t, rules(engine()), polite),
		} {
			if len(results) != 1 || (results[0].Event == message.Delivered) != c.on || !c.on && results[0].Reason != message.MessagesOff {
				t.Errorf("%s, %s: %+v", name, what, results)
			}
		}
		if os.Getuid() == 0 {
			if results := send(t, rules(engine()), request(t, term.Name, "hello")); len(results) != 1 || results[0].Event != message.Delivered {
				t.Errorf("%s, root: %+v", name, results)
			}
		}
	}
}

package main

import (
	"context"
	"errors"
	"slices"

	"msg/internal/client"
	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/sessions"
	"msg/internal/tty/mine"
	"msg/internal/wire"
)

// words is the way to what people said about all their terminals. A nil function is no way.
type words struct {
	say  func(ctx context.Context, word consent.Word) error          // keeps the user's own
	told func(ctx context.Context, uid uint32) (consent.Word, error) // returns the user's own; to root, anybody's

	// heard returns what people have said to the user, as far as they have said anything.
	heard func(ctx context.Context, uids []uint32) ([]wire.Heard, error)
}

// errNotKept says that nothing keeps words here.
var errNotKept = wrong(`"msg doctor" says what to do`, "this needs msgd, and it does not run here")

// wordsBy returns the way by msgd, which keeps what users say. Root also reads what others said.
func wordsBy(uid uint32) words {
	store := consent.Store{Dir: consent.Dir}
	return words{
		say: func(ctx context.Context, word consent.Word) error {
			_, err := client.Consent(ctx, wire.Consent{Say: &word})
			return err
		},
		told: func(ctx context.Context, of uint32) (consent.Word, error) {
			if uid == 0 {
				return store.Get(of)
			}
			said, err := client.Consent(ctx, wire.Consent{})
			var refused *message.Refusal
			if errors.As(err, &refused) {
				err = errNotKept // nobody keeps anything here
			}
			return said.Word, err
		},
		heard: func(ctx context.Context, uids []uint32) ([]wire.Heard, error) {
			said, err := client.Consent(ctx, wire.Consent{Of: uids[:min(len(uids), wire.MostHeard)]})
			return said.Of, err
		},
	}
}

// wordOf returns what a person said about all their terminals, if the user may know it. What
// nothing keeps was not said.
func (w world) wordOf(ctx context.Context, uid uint32) (consent.Word, error) {
	if w.words.told == nil || uid != w.me.UID && w.me.UID != 0 {
		return consent.Word{}, nil
	}
	word, err := w.words.told(ctx, uid)
	if errors.Is(err, errNotKept) || errors.Is(err, consent.ErrNotHere) {
		return consent.Word{}, nil
	}
	return word.At(w.here.Now()), err
}

// judge returns a function that tells whether the user's messages come to a terminal of the
// picture, and why. Of their own terminals, it tells whether anybody's do.
func (w world) judge(ctx context.Context, p sessions.Picture) func(*sessions.Terminal) consent.Verdict {
	system, err := config.Load(config.Path)
	unsaid := err == nil && system.Messages.Unsaid // with a mistake in the file, nobody but root sends
	answers := map[uint32]consent.Answer{}
	for _, one := range w.toldBy(ctx, p) {
		answers[one.UID] = consent.No
		if one.On {
			answers[one.UID] = consent.Yes
		}
	}
	return func(t *sessions.Terminal) consent.Verdict {
		everywhere, asked := answers[t.Owner]
		if !asked {
			word, err := w.wordOf(ctx, t.Owner)
			if everywhere = word.Say; err != nil {
				everywhere = consent.Unclear
			}
			answers[t.Owner] = everywhere
		}
		rule := consent.Rule{Everywhere: everywhere, BeginsOn: t.BornOn, Explicit: t.Roots(), Unsaid: unsaid}
		return rule.Judge(t.Mode)
	}
}

// toldBy returns what the people in the picture have said to the user. Without msgd, nobody has
// said anything.
func (w world) toldBy(ctx context.Context, p sessions.Picture) []wire.Heard {
	var owners []uint32
	for i := range p.Terminals {
		t := &p.Terminals[i]
		if t.Owner != w.me.UID && t.Owner != 0 && !slices.Contains(owners, t.Owner) {
			owners = append(owners, t.Owner)
		}
	}
	if w.words.heard == nil || w.me.UID == 0 || len(owners) == 0 {
		return nil
	}
	heard, err := w.words.heard(ctx, owners)
	if err != nil {
		return nil // msg doctor tells why msgd does not answer
	}
	return heard
}

// verdictOn tells whether messages come to the terminal that msg was started at, and why.
func (w world) verdictOn(ctx context.Context, own *mine.Terminal) consent.Verdict {
	t := sessions.Terminal{Owner: own.Owner, BornOn: true} // in doubt, a plain 0600 is a no
	if picture, err := w.here.Picture(ctx); err == nil {
		if found := picture.Find(own.Name); found != nil {
			t = *found
		}
	}
	t.Mode = own.Mode
	return w.judge(ctx, sessions.Picture{Terminals: []sessions.Terminal{t}})(&t)
}

// comesTo reports whether messages come to the terminal of that name. They never come to one
// that does not exist.
func (w world) comesTo(ctx context.Context, name string) bool {
	if name == "" {
		return false
	}
	picture, err := w.here.Picture(ctx)
	if err != nil {
		return false
	}
	t := picture.Find(name)
	return t != nil && w.judge(ctx, picture)(t).On
}

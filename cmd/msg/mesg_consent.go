package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"msg/internal/client"
	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/sessions"
	"msg/internal/text"
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
			if errors.Is(err, client.ErrNobody) {
				err = errNotKept
			}
			return err
		},
		told: func(ctx context.Context, of uint32) (consent.Word, error) {
			if uid == 0 {
				return store.Get(of)
			}
			said, err := askMsgd(ctx, wire.Consent{})
			return said.Word, err
		},
		heard: func(ctx context.Context, uids []uint32) (all []wire.Heard, err error) {
			for some := range slices.Chunk(uids, wire.MostHeard) {
				said, err := askMsgd(ctx, wire.Consent{Of: some})
				if err != nil {
					return all, err
				}
				all = append(all, said.Of...)
			}
			return all, nil
		},
	}
}

// askTime is how long msgd may take to tell what people said. A shell starts with msg mesg.
const askTime = 3 * time.Second

// askMsgd asks what people said. Where nobody keeps it, the error is errNotKept.
func askMsgd(ctx context.Context, c wire.Consent) (wire.Said, error) {
	ctx, cancel := context.WithTimeout(ctx, askTime)
	defer cancel()
	said, err := client.Consent(ctx, c)
	if errors.Is(err, client.ErrNobody) {
		err = errNotKept
	}
	return said, err
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
	byDefault := unsaid()
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
			everywhere = answerOf(w.wordOf(ctx, t.Owner))
			answers[t.Owner] = everywhere
		}
		rule := consent.Rule{Everywhere: everywhere, BeginsOn: t.BornOn, Explicit: t.Roots(), Unsaid: byDefault}
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
	if err != nil && !errors.Is(err, errNotKept) {
		w.warn("what people said for all their terminals is not known: %s", text.Name(err.Error()))
	}
	return heard
}

// verdictOn tells whether messages come to the terminal that msg was started at, and why.
func (w world) verdictOn(ctx context.Context, own *mine.Terminal) consent.Verdict {
	return w.verdictWith(ctx, own, answerOf(w.wordOf(ctx, own.Owner)))
}

// answerOf returns what a word says, if it is known.
func answerOf(word consent.Word, err error) consent.Answer {
	if err != nil {
		return consent.Unclear
	}
	return word.Say
}

// verdictWith is verdictOn where it is known what the owner has said for all terminals.
func (w world) verdictWith(ctx context.Context, own *mine.Terminal, everywhere consent.Answer) consent.Verdict {
	t := sessions.Terminal{Owner: own.Owner, BornOn: true} // in doubt, a plain 0600 is a no
	if picture, err := w.here.Picture(ctx); err == nil {
		if found := picture.Find(own.Name); found != nil {
			t = *found
		}
	}
	rule := consent.Rule{Everywhere: everywhere, BeginsOn: t.BornOn, Explicit: t.Roots(), Unsaid: unsaid()}
	return rule.Judge(own.Mode)
}

// unsaid reports whether people take messages who have said nothing. With a mistake in the file,
// nobody but root sends.
func unsaid() bool {
	system, err := config.Load(config.Path)
	return err == nil && system.Messages.Unsaid
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

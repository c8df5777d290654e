//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"msg/internal/accounts"
	"msg/internal/config"
	"msg/internal/consent"
	"msg/internal/message"
	"msg/internal/wire"
)

// everywhere returns a function that tells what a person has said to the sender about all of
// theirs.
func (w who) everywhere(ctx context.Context, names *accounts.Directory) func(owner uint32) consent.Answer {
	from := consent.Sender{UID: w.uid, InGroup: func(group string) bool { return sender{w, names}.inGroup(ctx, group) }}
	if name := names.Name(ctx, w.uid); name != "" {
		from.Names = []string{name}
	}
	return remembered(func(owner uint32) consent.Answer {
		if owner == w.uid {
			return consent.Unsaid // nobody shuts themselves out
		}
		word, err := consent.Store{Dir: consent.Dir}.Get(owner)
		if err != nil {
			fmt.Fprintf(os.Stderr, "msgd: what uid %d has said about messages: %v\n", owner, err)
			return consent.Unclear
		}
		return word.For(from, time.Now())
	})
}

// consent returns what a conversation does about consent: it keeps what the sender says about all
// of theirs, unless that is nil, and returns what holds; and it tells what others have said to the
// sender. unclear says why the sender is not known; then nothing is kept or told.
func (w who) consent(names *accounts.Directory, unclear error) wire.Consenting {
	return func(ctx context.Context, c wire.Consent) (said wire.Said, err error) {
		switch {
		case unclear != nil:
			return said, &message.Refusal{Problem: unclear.Error(), Hint: "nothing was changed"}
		case w.uid == 0 && !w.root: // uid 0 of a container, or a process that nothing is known of
			return said, &message.Refusal{Problem: "msgd cannot tell that you are root of this host", Hint: "nothing was kept"}
		case names.Name(ctx, w.uid) == "":
			// A user may have thousands of such uids (subuid(5)), and fill the disk with their words.
			return said, &message.Refusal{Problem: fmt.Sprintf("uid %d has no account here, so nothing is kept for it", w.uid)}
		}
		if c.Say != nil {
			if err := w.countWord(ctx); err != nil {
				return said, err
			}
		}
		hears := w.everywhere(ctx, names)
		for _, uid := range c.Of {
			if answer := hears(uid); answer != consent.Unsaid {
				said.Of = append(said.Of, wire.Heard{UID: uid, On: answer == consent.Yes})
			}
		}
		said.Word, err = w.say(c.Say)
		return said, err
	}
}

// countWord counts a word as a message: each is a file that is written to the disk.
func (w who) countWord(ctx context.Context) error {
	system, err := config.Load(config.Path)
	if err != nil || w.root {
		return err
	}
	wait, err := counter(w.uid, system.Rate)(ctx, func(string) {})
	if err == nil && wait > 0 {
		err = &message.Refusal{Problem: fmt.Sprintf("too many messages and changes; the next may come in %d s", int(wait.Seconds())+1)}
	}
	return err
}

func (w who) say(say *consent.Word) (consent.Word, error) {
	store := consent.Store{Dir: consent.Dir}
	if say != nil {
		if err := store.Set(w.uid, *say); err != nil {
			return consent.Word{}, err
		}
	}
	word, err := store.Get(w.uid)
	if err != nil {
		return word, err
	}
	return word.At(time.Now()), nil
}

// fresh is how long an answer is remembered: a message to many terminals asks once for each
// person, and a person who changes their mind is heard before the next line.
const fresh = time.Second

// remembered asks once in a while for each owner.
func remembered(ask func(uint32) consent.Answer) func(uint32) consent.Answer {
	type known struct {
		answer consent.Answer
		at     time.Time
	}
	var mu sync.Mutex
	answers := map[uint32]known{}
	return func(owner uint32) consent.Answer {
		mu.Lock()
		defer mu.Unlock()
		one, asked := answers[owner]
		if !asked || time.Since(one.at) > fresh {
			one = known{ask(owner), time.Now()}
			answers[owner] = one
		}
		return one.answer
	}
}

// rules returns what a monitor holds a judge to: a no on the terminal, a no about all of a
// person's, and what root has decided about those who say nothing. Which senders a person lets
// in, and how a terminal began, is the judge's word.
func (w who) rules() func(owner uint32) consent.Rule {
	system, err := config.Load(config.Path)
	unsaid := err == nil && system.Messages.Unsaid
	said := remembered(func(owner uint32) consent.Answer {
		if owner == w.uid {
			return consent.Unsaid
		}
		word, err := consent.Store{Dir: consent.Dir}.Get(owner)
		if err != nil {
			return consent.Unclear
		}
		return word.At(time.Now()).Say
	})
	return func(owner uint32) consent.Rule {
		return consent.Rule{Everywhere: said(owner), Explicit: owner == 0, Unsaid: unsaid}
	}
}
